/** A first retry waits about this long, each further one twice as long as the one before it, at most so long. In ms. */
const shortestWaitMs = 100;
const longestWaitMs = 5_000;
/** Frames of a node that are made again at a time: a database that has just come back must not be flooded by them. */
const mostAtOnce = 4;

/** When the frames that could not be made are made again: later and later, and a few at a time. One for each node. */
export interface FrameRetries {
  /**
   * Waits for the turn of one frame, then makes it.
   * @param failures how often it could not be made
   * @throws what `make` throws
   */
  again<Made>(failures: number, make: () => Made | Promise<Made>): Promise<Made>;
}

export function openFrameRetries(): FrameRetries {
  const queue: (() => void)[] = [];
  let underWay = 0;

  async function turn(): Promise<void> {
    if (underWay >= mostAtOnce) return new Promise(resolve => queue.push(resolve));
    underWay++;
  }

  /** The place goes to the next in the queue, if there is one. */
  function over(): void {
    const next = queue.shift();
    if (next) next();
    else underWay--;
  }

  return {
    async again(failures, make) {
      await waited(failures);
      await turn();
      try {
        return await make();
      } finally {
        over();
      }
    },
  };
}

function waited(failures: number): Promise<void> {
  const wait = Math.min(shortestWaitMs * 2 ** (failures - 1), longestWaitMs);
  return new Promise(resolve => {
    // Half of it is random: groups that failed together do not come again together. A node that stops does not wait.
    setTimeout(resolve, wait * (0.5 + Math.random() / 2)).unref();
  });
}
