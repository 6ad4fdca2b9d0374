import type { Position } from '../event-store/position.ts';

export type FrameKind = 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS';

/** What a subscription sends: everything up to `position` was delivered, this frame included. */
export interface Frame {
  readonly kind: FrameKind;
  readonly position: Position;
  /** What changed: one and the same object for all who are told of one change, so that they can share what is made of it. */
  readonly row?: object | undefined;
}

/**
 * Who waits for a frame. An object and not a function, which would be two things more to find in memory for each of
 * ten thousand who are told of one change.
 */
export interface Asker<One extends Frame> {
  /** It is there. */
  take(frame: One): void;
  /** None comes any more: whoever asks again is told why. */
  over(): void;
}

/** A source of frames that can be asked with no wait. */
export interface Pollable<One extends Frame> extends AsyncIterableIterator<One> {
  /**
   * What is there now. Undefined: nothing yet, and the asker is told once, as soon as there is or it is over.
   * @throws where it failed
   */
  poll(asker: Asker<One>): IteratorResult<One> | undefined;
}

export function canBePolled<One extends Frame>(source: AsyncIterator<One>): source is Pollable<One> {
  return 'poll' in source;
}
