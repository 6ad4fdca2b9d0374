import { parsePosition, type Position } from '../../event-store/position.ts';
import { badInput } from '../../graphql/coded-error.ts';

/**
 * A position that a request gives outside of its variables: in a header or in `extensions`.
 * @param value undefined or null if the request gives none
 * @param name what the error message calls it
 * @throws BAD_USER_INPUT if it is no position
 */
export function givenPosition(value: unknown, name: string): Position | undefined {
  if (value === undefined || value === null) return undefined;
  const position = typeof value === 'string' ? parsePosition(value) : undefined;
  if (position === undefined) throw badInput(`${name} has to be a position that an answer gave.`);
  return position;
}
