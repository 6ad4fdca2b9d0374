import { Prisma } from '../generated/prisma/client.ts';
import type { Position } from './position.ts';

/**
 * Whether a position may be of this log. Part of the statement that reads, so that the answer and the position that it
 * was tested against are of one log.
 *
 * If the log has an event at that point, its hash decides. A point beyond the log's end is one of two things. A server
 * that takes no writes (a standby, also behind a pooler that splits reads) may be behind the one that does: the point is
 * not there yet, and this is true; the caller sees by the position of the answer how far the server is. A server that
 * takes writes has all that was ever acknowledged, so its log was cut by a restore or a failover: this is false.
 * `transaction_read_only` is fixed before the statement's snapshot is taken, which pg_is_in_recovery() is not: a standby
 * that is promoted in that moment must not call its own events another log's.
 */
export function isOfThisLog(position: Position | undefined): Prisma.Sql {
  if (!position || position.point === 0) return Prisma.sql`true`;
  return Prisma.sql`coalesce(
    (SELECT encode(substr(known.hash, 1, 6), 'hex') = ${position.hash}
     FROM events known WHERE known.position = ${position.point}::bigint),
    current_setting('transaction_read_only')::boolean)`;
}

/** Whether the log has this very event. */
export function hasEventAt({ point, hash }: Position): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT FROM events known
    WHERE known.position = ${point}::bigint AND encode(substr(known.hash, 1, 6), 'hex') = ${hash})`;
}
