/** Who takes a subscription's answers: as graphql-ws and urql have it. */
export interface Sink<Answer> {
  next(answer: Answer): void;
  error(error: unknown): void;
  complete(): void;
}

/** What `subscribe` pushes, to be pulled by `for await`; leaving the loop ends the subscription. */
export function iterate<Answer>(subscribe: (sink: Sink<Answer>) => () => void): AsyncIterableIterator<Answer> {
  const arrived: Answer[] = [];
  let end: { readonly error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  const leave = subscribe({
    next: answer => {
      arrived.push(answer);
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
  const iterator: AsyncIterableIterator<Answer> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      while (arrived.length === 0 && end === undefined) await new Promise<void>(resolve => (wake = resolve));
      if (arrived.length > 0) return { value: arrived.shift() as Answer, done: false };
      if (end !== undefined && 'error' in end) {
        const { error } = end;
        end = {};
        throw error;
      }
      return { value: undefined, done: true };
    },
    return() {
      end ??= {};
      leave();
      wake();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return iterator;
}
