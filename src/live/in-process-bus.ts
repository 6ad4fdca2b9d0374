import { type Bus, openListeners } from './bus.ts';

/** The bus of a single process. */
export function openInProcessBus(): Bus {
  const listeners = openListeners();
  return {
    publish(topic, hint) {
      // Not within the publisher's own call: a listener that fails, or publishes itself, must not reach into it.
      setImmediate(() => {
        listeners.tell(topic, hint);
      });
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    isConnected: () => true,
    close: () => Promise.resolve(),
  };
}
