import { type Bus, openListeners } from './bus.ts';

/** The bus of a single process. */
export function openInProcessBus(): Bus {
  const listeners = openListeners();
  return {
    publish(topic, hint) {
      // Not inside the publisher's call: a listener that fails, or that publishes, must not affect the publisher.
      setImmediate(() => {
        listeners.notify(topic, hint);
      });
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    isConnected: () => true,
    close: () => Promise.resolve(),
  };
}
