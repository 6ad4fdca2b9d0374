import type { Position } from '../event-store/position.ts';

/** The stream that was asked for has an event that the view can't fold, and the asker has seen that event. */
export class ViewParkedError extends Error {
  override readonly name = 'ViewParkedError';
}

/**
 * @param parkedAt the position before which a row stands still; undefined: it does not
 * @throws ViewParkedError where `atLeast` is that far: a row that lacks what its asker has seen is no answer
 */
export function refuseParked(parkedAt: number | undefined, atLeast: Position | undefined): void {
  if (parkedAt !== undefined && atLeast && atLeast.point >= parkedAt) throw new ViewParkedError();
}
