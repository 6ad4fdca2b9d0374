/** Regular moments that all waiting callers share. */
export interface SharedInterval {
  readonly everyMs: number;
  /** Resolves at the next moment. */
  next(): Promise<void>;
}

/** One timer for all callers, and none while no caller waits. */
export function openSharedInterval(everyMs: number): SharedInterval {
  let nextMoment: Promise<void> | undefined;
  return {
    everyMs,
    next: () =>
      (nextMoment ??= new Promise(resolve => {
        setTimeout(
          () => {
            nextMoment = undefined;
            resolve();
          },
          everyMs - (performance.now() % everyMs),
        );
      })),
  };
}
