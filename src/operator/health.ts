import { settledWithin } from '../async/timeout.ts';
import { type Query, sql } from '../database/sql.ts';
import { coreGroup, firstOf } from '../projections/view-sql.ts';
import { endedAfterSeconds } from './processes.ts';
import type { Verification } from './verification.ts';

/** The state of the whole deployment, as the database has it: every process reads the same. */
export interface Health {
  /** Position of the last event. */
  readonly head: number;
  /** Position of the views. */
  readonly projected: number;
  readonly lagEvents: number;
  /** Age of the oldest event that is not in the views, by the database's clock. */
  readonly lagSeconds: number;
  /** The database that this process reads takes no writes: it is a standby, or an operator has switched writes off. */
  readonly isReadOnly: boolean;
  /** An error stops the projector; the next event that it folds clears this. */
  readonly isProjectorFailed: boolean;
  /** Parked streams of the live views, by type of stream; types without any are missing. */
  readonly parkedStreams: Readonly<Record<string, number>>;
  /** The rebuild that is running. */
  readonly rebuild: { readonly processed: number; readonly total: number } | null;
  readonly processes: readonly { readonly release: string; readonly roles: readonly string[] }[];
  /** The last run of `orderstream verify`; null if there was none. */
  readonly verification: (Verification & { readonly atSeconds: number }) | null;
}

/** How long a probe waits for the database: a later answer is none, because callers would have to wait, too. */
const readTimeoutMs = 2_000;

/**
 * All callers during a read share it: probes need no token, and must not load the database. A read that got no answer in
 * time is forgotten, so that the next caller does not wait for the same dead connection.
 * @param query by a connection that requests do not use: a process whose connections are all busy still serves
 * @returns reads the health; rejects if the database does not answer within 2 s
 */
export function openHealth(query: Query): () => Promise<Health> {
  let reading: Promise<Health> | undefined;
  const late = () => new Error('the database did not answer in time');
  return () =>
    (reading ??= settledWithin(readHealth(query), readTimeoutMs, late).finally(() => {
      reading = undefined;
    }));
}

/** Everything from one statement, so that it is one moment. */
async function readHealth(query: Query): Promise<Health> {
  const rows = await query<Health>(sql`
    SELECT head.position::float8 AS head,
      c.position::float8 AS projected,
      greatest(head.position - c.position, 0)::float8 AS "lagEvents",
      coalesce(greatest(extract(epoch FROM clock_timestamp() - (
        SELECT e.recorded_at FROM events e WHERE e.position = c.position + 1)), 0), 0)::float8 AS "lagSeconds",
      current_setting('transaction_read_only') = 'on' AS "isReadOnly",
      c.failure IS NOT NULL AS "isProjectorFailed",
      coalesce((
        SELECT jsonb_object_agg(p.stream_type, p.streams) FROM (
          SELECT stream_type, count(*) AS streams FROM parked_streams
          WHERE group_name = c.group_name AND generation = c.generation GROUP BY stream_type) p
      ), '{}') AS "parkedStreams", (
        SELECT jsonb_build_object(
          'processed', r.position,
          'total', greatest(head.position, r.position))
        FROM checkpoints r WHERE r.group_name = c.group_name AND NOT r.live AND NOT r.retired
      ) AS rebuild,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'release', p.release,
          'roles', to_jsonb(p.roles)))
        FROM processes p
        WHERE p.seen_at > clock_timestamp() - make_interval(secs => ${endedAfterSeconds}::float8)
      ), '[]') AS processes, (
        SELECT jsonb_build_object(
          'position', v.position,
          'faults', v.faults,
          'atSeconds', extract(epoch FROM v.verified_at))
        FROM verification v
      ) AS verification
    FROM checkpoints c, (
      SELECT coalesce((SELECT position FROM events ORDER BY position DESC LIMIT 1), 0) AS position) head
    WHERE c.group_name = ${coreGroup} AND c.live`);
  return firstOf(rows);
}
