import type { Position } from '../event-store/position.ts';

/**
 * The requested stream has an event that the view cannot fold, and the caller has seen a position at or after that
 * event.
 */
export class ViewParkedError extends Error {
  override readonly name = 'ViewParkedError';
}

/**
 * @param parkedAt position of the event that could not be folded; undefined: the stream is not parked
 * @throws ViewParkedError if `atLeast` is at or after it: the row does not include that event
 */
export function refuseParked(parkedAt: number | undefined, atLeast: Position | undefined): void {
  if (parkedAt !== undefined && atLeast && atLeast.point >= parkedAt) throw new ViewParkedError();
}
