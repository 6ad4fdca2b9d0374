import type { Position } from '../event-store/position.ts';

/** Messages between nodes. Each one is a hint: it only causes a read, and no result depends on its content. */
export interface Hints {
  /** Events were stored: projectors read the log. */
  appended: Record<string, never>;
  /** The views reached this position: hubs read what changed. */
  projected: { readonly to: Position };
}

export type Topic = keyof Hints;

export interface Bus {
  /** Sends a hint to all nodes, this one included. Never fails and is never awaited: a lost hint costs milliseconds. */
  publish<T extends Topic>(topic: T, hint: Hints[T]): void;
  /** @returns a function that ends the subscription */
  subscribe<T extends Topic>(topic: T, listener: (hint: Hints[T]) => void): () => void;
  /** False while hints of other nodes cannot arrive: hubs and projectors then poll more often. */
  isConnected(): boolean;
  close(): Promise<void>;
}

/** Listeners by topic, for both kinds of bus. */
export function openListeners(): {
  add<T extends Topic>(topic: T, listener: (hint: Hints[T]) => void): () => void;
  notify<T extends Topic>(topic: T, hint: Hints[T]): void;
} {
  const listeners: { [T in Topic]: Set<(hint: Hints[T]) => void> } = { appended: new Set(), projected: new Set() };
  return {
    add(topic, listener) {
      listeners[topic].add(listener);
      return () => {
        listeners[topic].delete(listener);
      };
    },
    notify(topic, hint) {
      for (const listener of listeners[topic]) listener(hint);
    },
  };
}
