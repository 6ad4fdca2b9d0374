import { parsePosition, type Position } from '../../event-store/position.ts';
import { badInput } from '../../graphql/coded-error.ts';

/**
 * Parses a position that a request has in a header or in `extensions`.
 * @param value undefined or null if the request has none
 * @param name for the error message
 * @throws BAD_USER_INPUT if it is not a position
 */
export function givenPosition(value: unknown, name: string): Position | undefined {
  if (value === undefined || value === null) return undefined;
  const position = typeof value === 'string' ? parsePosition(value) : undefined;
  if (position === undefined) throw badInput(`${name} must be a position from a response.`);
  return position;
}
