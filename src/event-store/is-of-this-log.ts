import { Prisma } from '../generated/prisma/client.ts';
import type { Position } from './position.ts';

/**
 * Whether a position is of this log: it is where the event at that point has that hash. Part of the statement that
 * reads, so that the answer and the position that it was tested against are of one log.
 */
export function isOfThisLog(position: Position | undefined): Prisma.Sql {
  if (!position || position.point === 0) return Prisma.sql`true`;
  return Prisma.sql`EXISTS (
    SELECT FROM events known
    WHERE known.position = ${position.point}::bigint AND encode(substr(known.hash, 1, 6), 'hex') = ${position.hash})`;
}
