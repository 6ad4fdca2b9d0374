/** Regular moments that all waiting callers share. */
export interface Beat {
  /** Interval, ms. */
  readonly every: number;
  /** Resolves at the next moment. */
  next(): Promise<void>;
}

/** One timer for all callers, and none while no caller waits. */
export function openBeat(every: number): Beat {
  let nextMoment: Promise<void> | undefined;
  return {
    every,
    next: () =>
      (nextMoment ??= new Promise(resolve => {
        setTimeout(
          () => {
            nextMoment = undefined;
            resolve();
          },
          every - (performance.now() % every),
        );
      })),
  };
}
