import { formatPosition, type Position } from '../event-store/position.ts';
import { codedError } from './coded-error.ts';
import type { Context } from './context.ts';

/** How long a list waits for the views to reach what its reader has seen already, ms. */
const patience = 2_000;
/** Without news from the hub it looks again this often, ms. */
const lookAgain = 250;

/**
 * Reads until the answer reflects a position, for a bounded time.
 * @throws VIEW_LAGGING with the position reached
 */
export async function readAtLeast<Answer extends { readonly position: Position }>(
  { parts }: Context,
  atLeast: Position | undefined,
  read: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await read();
    if (atLeast === undefined || answer.position.point >= atLeast.point) return answer;
    const left = deadline - performance.now();
    if (left <= 0) {
      throw codedError('VIEW_LAGGING', 'The read model has not come that far yet: ask again.', {
        position: formatPosition(answer.position),
      });
    }
    await parts.reached(atLeast, Math.min(left, lookAgain));
  }
}
