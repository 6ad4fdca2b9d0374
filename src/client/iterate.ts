/** Who takes a subscription's answers: as graphql-ws and urql have it. */
export interface Sink<Answer> {
  next(answer: Answer): void;
  error(error: unknown): void;
  complete(): void;
}

/** A subscription that is under way. */
export interface Flow {
  readonly leave: () => void;
  /** Asks for no more until `resume()`, which goes on after the last answer that came. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Answers that wait for a loop which is slower than they come; half of them when more are asked for. */
const most = 1_000;

/**
 * What `subscribe` pushes, to be pulled by `for await`; leaving the loop ends the subscription. A loop that does not keep
 * up pauses it: what changes meanwhile is kept by the server, states as the newest and events as the log has them.
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
