import { formatPosition, type Position } from '../event-store/position.ts';
import { codedError } from './coded-error.ts';
import type { Context } from './context.ts';

/** How long a read waits for what its reader has seen already: for the views, or for a standby that is behind. */
const patienceMs = 2_000;
/** Without news from the hub it reads again this often. */
const readAgainMs = 250;

/**
 * What a list or a sum below another field has to reflect: the position that was given to that field, or else to the
 * operation; and what the operation's own commands have stored, so that what stands below a mutation's payload is not
 * older than the payload.
 * @param given to the field above
 */
export function positionToReflect(
  { atLeast, responsePosition: reflected }: Context,
  given: Position | undefined,
): Position | undefined {
  const asked = given ?? atLeast;
  const { stored } = reflected;
  return asked && (!stored || asked.point > stored.point) ? asked : stored;
}

/**
 * Reads until the answer reflects a position, for a bounded time.
 * @param read throws StalePositionError if the position is of another log
 * @throws VIEW_LAGGING with the position reached
 */
export async function waitForPosition<Answer extends { readonly position: Position }>(
  { dependencies: parts }: Context,
  atLeast: Position | undefined,
  read: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await read();
    if (atLeast === undefined || answer.position.point >= atLeast.point) return answer;
    const left = deadline - performance.now();
    if (left <= 0) {
      throw codedError('VIEW_LAGGING', 'The read model has not come that far yet: ask again.', {
        position: formatPosition(answer.position),
      });
    }
    await parts.reached(atLeast, Math.min(left, readAgainMs));
  }
}
