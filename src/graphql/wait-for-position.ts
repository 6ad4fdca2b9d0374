import { formatPosition, type Position } from '../event-store/position.ts';
import { codedError } from './coded-error.ts';
import type { Context } from './context.ts';

/**
 * How long a read waits for a position that its caller has seen already: until the views or a lagging standby reach
 * it.
 */
const timeoutMs = 2_000;
/** The read is repeated at this interval, also if the hub reports nothing. */
const rereadIntervalMs = 250;

/**
 * The position that a list or a sum below another field has to reflect. It is the argument of that field, or else the
 * `atLeast` of the operation. If the operation's own commands reached a later position, it is that one, so that the
 * fields below a mutation's payload are not older than the payload.
 * @param fieldAtLeast the `atLeast` argument of the field above
 */
export function positionToReflect(
  { atLeast, responsePosition }: Context,
  fieldAtLeast: Position | undefined,
): Position | undefined {
  const requested = fieldAtLeast ?? atLeast;
  const { stored } = responsePosition;
  return requested && (!stored || requested.point > stored.point) ? requested : stored;
}

/**
 * Repeats a read until its result reflects a position, or until the timeout.
 * @param read throws StalePositionError if the position is of another log
 * @throws VIEW_LAGGING with the reached position in its extensions
 */
export async function waitForPosition<Result extends { readonly position: Position }>(
  { dependencies }: Context,
  atLeast: Position | undefined,
  read: () => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await read();
    if (atLeast === undefined || result.position.point >= atLeast.point) return result;
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) {
      throw codedError('VIEW_LAGGING', 'The read model has not reached this position yet: try again.', {
        position: formatPosition(result.position),
      });
    }
    await dependencies.liveViews.awaitPosition(atLeast, Math.min(remainingMs, rereadIntervalMs));
  }
}
