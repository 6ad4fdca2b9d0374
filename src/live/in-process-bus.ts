import { type Bus, openListeners } from './bus.ts';

/** The bus of a single process. */
export function openInProcessBus(): Bus {
  const listeners = openListeners();
  return {
    publish(topic, hint) {
      // Not inside of the publisher's call: a listener that fails, or publishes itself, must not affect it.
      setImmediate(() => {
        listeners.tell(topic, hint);
      });
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    isConnected: () => true,
    close: () => Promise.resolve(),
  };
}
