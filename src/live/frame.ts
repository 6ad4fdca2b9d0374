import type { Position } from '../event-store/position.ts';

export type FrameKind = 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS';

/** A message of a subscription: everything up to `position` was delivered, this frame included. */
export interface Frame {
  readonly kind: FrameKind;
  readonly position: Position;
  /**
   * What changed: the same object for all subscribers of one change, so that they can share the payload made from it.
   */
  readonly row?: object | undefined;
}

/**
 * Receives a frame that was not available yet. An object and not a function: a closure would be two more objects to
 * find in memory for each of ten thousand subscribers of one change.
 */
export interface FrameReceiver<One extends Frame> {
  /** The frame is available. */
  receive(frame: One): void;
  /** There will be no frame: the next `poll()` returns the end or throws the error. */
  sourceEnded(): void;
}

/** A source of frames that can be read without waiting. */
export interface Pollable<One extends Frame> extends AsyncIterableIterator<One> {
  /**
   * Returns the pending frame. Undefined: there is none yet, and `receiver` is called once, when there is one or the
   * source has ended.
   * @throws the error with which the source failed
   */
  poll(receiver: FrameReceiver<One>): IteratorResult<One> | undefined;
}

export function canBePolled<One extends Frame>(source: AsyncIterator<One>): source is Pollable<One> {
  return 'poll' in source;
}
