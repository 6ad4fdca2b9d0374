import type { Position } from '../event-store/position.ts';

/** What one node tells the others. Each is a hint: it wakes, and nothing rests on what it says or on its arrival. */
export interface Hints {
  /** Events were stored: projectors may look. */
  appended: Record<string, never>;
  /** Views came to this position: hubs may look. */
  projected: { readonly to: Position };
}

export type Topic = keyof Hints;

export interface Bus {
  /** Tells all nodes, this one too. Never fails and is never waited for: a hint that gets lost costs milliseconds. */
  publish<T extends Topic>(topic: T, hint: Hints[T]): void;
  /** @returns ends it */
  subscribe<T extends Topic>(topic: T, listener: (hint: Hints[T]) => void): () => void;
  /** False while hints of other nodes can't arrive: then look without being told, more often. */
  isConnected(): boolean;
  close(): Promise<void>;
}

/** Listeners by topic, shared by both kinds of bus. */
export function openListeners(): {
  add<T extends Topic>(topic: T, listener: (hint: Hints[T]) => void): () => void;
  tell<T extends Topic>(topic: T, hint: Hints[T]): void;
} {
  const listeners: { [T in Topic]: Set<(hint: Hints[T]) => void> } = { appended: new Set(), projected: new Set() };
  return {
    add(topic, listener) {
      listeners[topic].add(listener);
      return () => {
        listeners[topic].delete(listener);
      };
    },
    tell(topic, hint) {
      for (const listener of listeners[topic]) listener(hint);
    },
  };
}
