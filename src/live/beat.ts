/** Moments that all who wait for one meet at. */
export interface Beat {
  /** ms from one to the next. */
  readonly every: number;
  /** Resolves at the next one. */
  next(): Promise<void>;
}

/** One timer for all, and none while nobody waits. */
export function openBeat(every: number): Beat {
  let coming: Promise<void> | undefined;
  return {
    every,
    next: () =>
      (coming ??= new Promise(resolve => {
        setTimeout(
          () => {
            coming = undefined;
            resolve();
          },
          every - (performance.now() % every),
        );
      })),
  };
}
