/** Receives the results of a subscription; the same shape as in graphql-ws and urql. */
export interface Sink<Answer> {
  next(answer: Answer): void;
  error(error: unknown): void;
  complete(): void;
}

/** A running subscription. */
export interface Flow {
  readonly leave: () => void;
  /** Stops requesting until `resume()`, which resumes after the last received result. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Maximum number of results that wait for a slow loop. At half of it the subscription resumes. */
const most = 1_000;

/**
 * Converts the results that `subscribe` pushes to an iterator for `for await`; leaving the loop ends the
 * subscription. A slow loop pauses it: the server then keeps the newest state, or for a feed all events.
 */
export function iterate<Answer>(subscribe: (sink: Sink<Answer>) => Flow): AsyncIterableIterator<Answer> {
  const arrived: Answer[] = [];
  let end: { readonly error?: unknown } | undefined;
  let paused = false;
  let wake: () => void = () => undefined;
  const flow = subscribe({
    next: answer => {
      arrived.push(answer);
      if (!paused && arrived.length >= most) {
        paused = true;
        flow.pause();
      }
      wake();
    },
    error: error => {
      end = { error };
      wake();
    },
    complete: () => {
      end ??= {};
      wake();
    },
  });

  function taken(): Answer {
    const answer = arrived.shift() as Answer;
    if (paused && arrived.length <= most / 2) {
      paused = false;
      flow.resume();
    }
    return answer;
  }

  const iterator: AsyncIterableIterator<Answer> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      while (arrived.length === 0 && end === undefined) await new Promise<void>(resolve => (wake = resolve));
      if (arrived.length > 0) return { value: taken(), done: false };
      if (end !== undefined && 'error' in end) {
        const { error } = end;
        end = {};
        throw error;
      }
      return { value: undefined, done: true };
    },
    return() {
      end ??= {};
      flow.leave();
      wake();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return iterator;
}
