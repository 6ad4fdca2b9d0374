/** The first retry waits about this long; each further one twice as long, up to the maximum. */
const minWaitMs = 100;
const maxWaitMs = 5_000;
/**
 * Frames that a node retries at the same time: a flood of retries would overload a database that has just recovered.
 */
const maxConcurrentRetries = 4;

/** Retries frames that could not be made: with exponential backoff, and a few at a time. One for each node. */
export interface FrameRetries {
  /**
   * Waits for the backoff and for a free slot, then makes the frame.
   * @param failures number of failed attempts
   * @throws what `make` throws
   */
  again<Made>(failures: number, make: () => Made | Promise<Made>): Promise<Made>;
}

export function openFrameRetries(): FrameRetries {
  const queue: (() => void)[] = [];
  let active = 0;

  async function acquireSlot(): Promise<void> {
    if (active >= maxConcurrentRetries) return new Promise(resolve => queue.push(resolve));
    active++;
  }

  /** Passes the slot on to the next in the queue, or frees it. */
  function releaseSlot(): void {
    const next = queue.shift();
    if (next) next();
    else active--;
  }

  return {
    async again(failures, make) {
      await backoff(failures);
      await acquireSlot();
      try {
        return await make();
      } finally {
        releaseSlot();
      }
    },
  };
}

function backoff(failures: number): Promise<void> {
  const waitMs = Math.min(minWaitMs * 2 ** (failures - 1), maxWaitMs);
  return new Promise(resolve => {
    // Half of the wait is jitter, so that groups that failed together do not retry together. The timer does not keep
    // a process alive.
    setTimeout(resolve, waitMs * (0.5 + Math.random() / 2)).unref();
  });
}
