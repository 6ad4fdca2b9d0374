/** A value that changes. React's `useSyncExternalStore` takes it as it is. */
export interface Store<Value> {
  readonly current: Value;
  /** @returns a function that removes the listener */
  readonly subscribe: (listener: () => void) => () => void;
}

export interface WritableStore<Value> extends Store<Value> {
  /** Does nothing if the value is the current one. */
  set(value: Value): void;
}

/** A value that a page sets itself, and that its components follow with `useStore`. */
export function createStore<Value>(first: Value): WritableStore<Value> {
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
