import { isDeepStrictEqual } from 'node:util';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Frame } from './frame.ts';
import type { SharedInterval } from './shared-interval.ts';

/** A state, and the position that it reflects. */
export type StateFrame<State> = Frame & { readonly state: State };

export interface StateSource<State> {
  /** `continues` is false if the requested position is not part of this log. */
  readonly read: (
    after: Position | undefined,
  ) => Promise<{ readonly position: Position; readonly continues: boolean; readonly state: State }>;
  /** When the state is read: for all subscribers at the same moments, so that they can share one read. */
  readonly interval: SharedInterval;
  readonly logger: Logger;
}

/**
 * Polls a state that does not report its changes: the current state first, then each changed state, at most once per
 * interval. Nothing is read while the subscriber has not taken the last frame. If a read fails, the first one
 * included, it is retried at the next moment, so an unavailable database does not end the subscription.
 * @param after position of the last received frame; if it is of another log, the first frame is a RESYNC
 */
export function pollState<State extends object>(
  after: Position | undefined,
  { read, interval, logger }: StateSource<State>,
): AsyncIterableIterator<StateFrame<State>> {
  let lastPosition = after;
  let last: State | undefined;
  let failing = false;
  let readAt = -Infinity;
  let ended = false;
  /** Ends the current wait. */
  let wake: () => void = () => undefined;

  /** Not `Promise.race` with a promise of the end: that promise would keep a reaction per interval until the end. */
  function nextMoment(): Promise<void> {
    return new Promise(resolve => {
      wake = resolve;
      void interval.next().then(resolve);
    });
  }

  /** Returns undefined if the state is unchanged or could not be read. */
  async function tryToRead(): Promise<StateFrame<State> | undefined> {
    try {
      const { position, continues, state } = await read(lastPosition);
      failing = false;
      // A position that the server has not reached is kept: later reads show whether it is of this log.
      if (!continues || lastPosition === undefined || position.point >= lastPosition.point) lastPosition = position;
      if (continues && isDeepStrictEqual(state, last)) return undefined;
      last = state;
      // Never an UPDATE: a state can change without its position, and a client drops an UPDATE of a position it has.
      return { position, state, row: state, kind: continues ? 'SNAPSHOT' : 'RESYNC' };
    } catch (error) {
      // Warns once: while the database is unavailable, every subscriber fails at every moment and would fill the log.
      logger[failing ? 'debug' : 'warn']({ err: error }, 'a subscribed state could not be read; it is tried again');
      failing = true;
      return undefined;
    }
  }

  async function next(): Promise<IteratorResult<StateFrame<State>>> {
    for (;;) {
      // A timer can fire a little early.
      while (!ended && performance.now() < readAt + 0.9 * interval.everyMs) await nextMoment();
      if (ended) return { value: undefined, done: true };
      readAt = performance.now();
      const value = await tryToRead();
      if (value) return { value, done: false };
    }
  }

  const frames: AsyncIterableIterator<StateFrame<State>> = {
    [Symbol.asyncIterator]: () => frames,
    next,
    return() {
      ended = true;
      wake();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
