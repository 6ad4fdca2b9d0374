import type { Store } from '@orderstream/client';

export interface ValueStore<Value> extends Store<Value> {
  readonly set: (value: Value) => void;
}

/** A value that components follow with `useStore`. */
export function createValueStore<Value>(first: Value): ValueStore<Value> {
  const listeners = new Set<() => void>();
  let current = first;
  return {
    get current() {
      return current;
    },
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
