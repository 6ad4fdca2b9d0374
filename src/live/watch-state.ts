import { isDeepStrictEqual } from 'node:util';
import type { Frame } from './frame.ts';

/** A state, and the position that it is of. */
export type StateFrame<State> = Frame & { readonly state: State };

/**
 * Watches what can only be asked for: the state now, then whenever it has changed, at most once an interval. Nothing is
 * asked while the reader does not take what it has.
 * @param every ms
 */
export function watchState<State>(
  read: () => Promise<Omit<StateFrame<State>, 'kind'>>,
  every: number,
): AsyncIterableIterator<StateFrame<State>> {
  let last: State | undefined;
  let readAt = -Infinity;
  let over = false;
  let endPause: (() => void) | undefined;

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function next(): Promise<IteratorResult<StateFrame<State>>> {
    for (;;) {
      await pause(Math.max(readAt + every - performance.now(), 0));
      if (over) return { value: undefined, done: true };
      readAt = performance.now();
      const now = await read();
      if (isDeepStrictEqual(now.state, last)) continue;
      last = now.state;
      // Never an UPDATE: a state may change where the position does not, and a client drops a change that it has.
      return { value: { ...now, kind: 'SNAPSHOT' }, done: false };
    }
  }

  const frames: AsyncIterableIterator<StateFrame<State>> = {
    [Symbol.asyncIterator]: () => frames,
    next,
    return() {
      over = true;
      endPause?.();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
