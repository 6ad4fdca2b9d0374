import { type Sql, sql } from '../database/sql.ts';
import type { Position } from './position.ts';

/**
 * Whether a position may belong to this log. It is part of the reading statement, so that the rows and the check come
 * from the same log.
 * If the log has an event at that point, its hash decides. If the point is after the end of the log, there are two
 * cases. A read-only server (a standby, also behind a pooler that splits reads) may be behind the primary and not
 * have this event yet: the result is true, and the caller can see from the position of the result how far the server
 * is. A server that accepts writes has all acknowledged events, so its log was cut by a restore or a failover: the
 * result is false. `transaction_read_only` is fixed before the snapshot of the statement is taken, and
 * pg_is_in_recovery() is not: a standby that is promoted at this moment must not treat its own events as those of
 * another log.
 */
export function isOfThisLog(position: Position | undefined): Sql {
  if (!position || position.point === 0) return sql`true`;
  return sql`coalesce(
    (SELECT encode(substr(known.hash, 1, 6), 'hex') = ${position.hash}
     FROM events known WHERE known.position = ${position.point}::bigint),
    current_setting('transaction_read_only')::boolean)`;
}

/** Whether the log has exactly this event. */
export function hasEventAt({ point, hash }: Position): Sql {
  return sql`EXISTS (
    SELECT FROM events known
    WHERE known.position = ${point}::bigint AND encode(substr(known.hash, 1, 6), 'hex') = ${hash})`;
}
