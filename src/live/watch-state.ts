import { isDeepStrictEqual } from 'node:util';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Beat } from './beat.ts';
import type { Frame } from './frame.ts';

/** A state, and the position that it is of. */
export type StateFrame<State> = Frame & { readonly state: State };

export interface StateSource<State> {
  /** `continues` is false where the position asked after is not of this log. */
  readonly read: (
    after: Position | undefined,
  ) => Promise<{ readonly position: Position; readonly continues: boolean; readonly state: State }>;
  /** When it is asked: all who watch it ask at the same moments, so that their reads can be one. */
  readonly beat: Beat;
  readonly logger: Logger;
}

/**
 * Watches what can only be asked for: the state now, then whenever it has changed, at most once an interval. Nothing is
 * asked while the reader does not take what it has. A read that fails, the first one too, is tried again in the same
 * rhythm: a database that is away for a while ends nothing.
 * @param after the last frame's position: where it is of another log, the first frame says so
 */
export function watchState<State extends object>(
  after: Position | undefined,
  { read, beat, logger }: StateSource<State>,
): AsyncIterableIterator<StateFrame<State>> {
  let mine = after;
  let last: State | undefined;
  let failing = false;
  let readAt = -Infinity;
  let over = false;
  /** Ends the wait that is under way. */
  let wake: () => void = () => undefined;

  /** Not a race with a promise of the end: each beat would leave something with it for as long as it is watched. */
  function nextBeat(): Promise<void> {
    return new Promise(resolve => {
      wake = resolve;
      void beat.next().then(resolve);
    });
  }

  /** Undefined where there is no news, or none that can be read now. */
  async function look(): Promise<StateFrame<State> | undefined> {
    try {
      const { position, continues, state } = await read(mine);
      failing = false;
      // Kept while the server has not come to it: only then it is known whether it is of this log.
      if (!continues || mine === undefined || position.point >= mine.point) mine = position;
      if (continues && isDeepStrictEqual(state, last)) return undefined;
      last = state;
      // Never an UPDATE: a state may change where the position does not, and a client drops a change that it has.
      return { position, state, row: state, kind: continues ? 'SNAPSHOT' : 'RESYNC' };
    } catch (error) {
      // Once: while the database is away, every subscriber would log the same at every beat.
      logger[failing ? 'debug' : 'warn']({ err: error }, 'a state could not be read; it is tried again');
      failing = true;
      return undefined;
    }
  }

  async function next(): Promise<IteratorResult<StateFrame<State>>> {
    for (;;) {
      // A timer may be a little early.
      while (!over && performance.now() < readAt + 0.9 * beat.every) await nextBeat();
      if (over) return { value: undefined, done: true };
      readAt = performance.now();
      const value = await look();
      if (value) return { value, done: false };
    }
  }

  const frames: AsyncIterableIterator<StateFrame<State>> = {
    [Symbol.asyncIterator]: () => frames,
    next,
    return() {
      over = true;
      wake();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
