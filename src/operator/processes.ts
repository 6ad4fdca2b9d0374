import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { pause } from '../async/pause.ts';
import { withTimeout } from '../async/timeout.ts';
import type { Database } from '../database/database.ts';
import { isReadOnly } from '../database/database-error.ts';
import { sql } from '../database/sql.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How often a process reports itself, ms. */
const reportIntervalMs = 5_000;
/** A process that has not reported itself for this time, seconds, counts as ended. */
export const endedAfterSeconds = 15;
/** How much later than its interval a report may be, ms. */
const reportGraceMs = 3_000;
/** How long a stop waits for the database. If the row stays, the others leave it out soon. */
const removeTimeoutMs = 1_000;

/** A running process of Orderstream. */
export interface RunningProcess {
  readonly id: string;
  /** The version of the program. */
  readonly release: string;
  /** The host name of its machine or container. */
  readonly host: string;
  readonly roles: readonly string[];
  /** RFC 3339, by the database's clock. */
  readonly startedAt: string;
  readonly seenAt: string;
  readonly sockets: number;
  readonly subscriptions: number;
  /** Stored events that were not in the views yet when the process reported itself, in the database that it reads. */
  readonly lagEvents: number;
}

/** What a process reports again and again. */
interface Load {
  readonly sockets: number;
  readonly subscriptions: number;
  readonly lagEvents: number;
}

export interface ProcessReport {
  /** Ends the reports, and removes the row. */
  close(): Promise<void>;
}

/**
 * Reports this process to all others: it keeps one row of the table `processes` up to date, so that every process sees
 * every other one with or without Redis. A report that fails is left out: the process works without it. A database that
 * takes no writes gets no reports.
 */
export function reportProcess(parts: {
  database: Database;
  logger: Logger;
  release: string;
  roles: readonly string[];
  load: () => Promise<Load>;
}): ProcessReport {
  const { database, logger, release, roles, load } = parts;
  const process = { id: randomUUID(), release, host: hostname(), roles, startedMs: performance.now() };
  let reporting: Promise<void> | undefined;
  let failed = false;

  async function report(): Promise<void> {
    try {
      await saveProcess(database, process, await load());
      await removeEnded(database);
      failed = false;
    } catch (error) {
      if (!failed && !isReadOnly(error)) logger.warn({ err: error }, 'this process could not report itself');
      failed = true;
    }
  }

  function reportSoon(): void {
    reporting ??= report().finally(() => {
      reporting = undefined;
    });
  }

  reportSoon();
  const timer = setInterval(reportSoon, reportIntervalMs);
  return {
    async close() {
      clearInterval(timer);
      const removing = Promise.resolve(reporting)
        .then(() => removeProcess(database, process.id))
        .catch(() => undefined);
      await withTimeout(removing, removeTimeoutMs);
    },
  };
}

/** All running processes, the oldest first. */
export async function readProcesses(database: Database): Promise<readonly RunningProcess[]> {
  return database.query<RunningProcess>(sql`
    SELECT process_id AS id,
      release,
      host,
      to_jsonb(roles) AS roles,
      to_json(started_at AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "startedAt",
      to_json(seen_at AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "seenAt",
      sockets,
      subscriptions,
      lag_events::float8 AS "lagEvents"
    FROM processes
    WHERE seen_at > clock_timestamp() - make_interval(secs => ${endedAfterSeconds}::float8)
    ORDER BY started_at, process_id`);
}

/** A process whose row the database has, whether or not it runs. */
export interface ReportedProcess extends Pick<RunningProcess, 'id' | 'host' | 'roles' | 'seenAt'> {
  /** It reports itself to this database. */
  readonly isReporting: boolean;
}

/**
 * All processes whose rows the database has, and whether each of them reports here: its row is read twice, with more than
 * the interval of the reports between. In a copy of a database these are the processes of the original, and those that do
 * not report here may still write to the original. The first process that reports here deletes the rows of
 * those that have not reported for 30 s.
 */
export async function readReported(database: Database): Promise<readonly ReportedProcess[]> {
  const before = await readRows(database);
  if (before.length === 0) return [];
  await pause(reportIntervalMs + reportGraceMs);
  const after = await readRows(database);
  const isNew = (row: ProcessRow) => !before.some(({ id }) => id === row.id);
  return [...before, ...after.filter(isNew)].map(row => {
    const seenAt = after.find(({ id }) => id === row.id)?.seenAt ?? row.seenAt;
    return { ...row, seenAt, isReporting: seenAt !== row.seenAt || isNew(row) };
  });
}

type ProcessRow = Omit<ReportedProcess, 'isReporting'>;

function readRows(database: Database): Promise<ProcessRow[]> {
  return database.query<ProcessRow>(sql`
    SELECT process_id AS id,
      host,
      to_jsonb(roles) AS roles,
      to_json(seen_at AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "seenAt"
    FROM processes
    ORDER BY started_at, process_id`);
}

interface ThisProcess extends Pick<RunningProcess, 'id' | 'release' | 'host' | 'roles'> {
  /** A time of performance.now(). */
  readonly startedMs: number;
}

async function saveProcess(
  database: Database,
  { id, release, host, roles, startedMs }: ThisProcess,
  { sockets, subscriptions, lagEvents }: Load,
): Promise<void> {
  const uptimeSeconds = (performance.now() - startedMs) / 1000;
  await database.execute(sql`
    INSERT INTO processes (process_id, release, host, roles, started_at, seen_at, sockets, subscriptions, lag_events)
    VALUES (
      ${id},
      ${release},
      ${host},
      ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(roles)}::jsonb)),
      clock_timestamp() - make_interval(secs => ${uptimeSeconds}::float8),
      clock_timestamp(),
      ${sockets}::int,
      ${subscriptions}::int,
      ${lagEvents}::bigint
    )
    ON CONFLICT (process_id) DO UPDATE SET
      seen_at = excluded.seen_at,
      sockets = excluded.sockets,
      subscriptions = excluded.subscriptions,
      lag_events = excluded.lag_events`);
}

/** Deletes the rows of processes that ended without removing them. */
async function removeEnded(database: Database): Promise<void> {
  await database.execute(sql`
    DELETE FROM processes WHERE seen_at < clock_timestamp() - make_interval(secs => ${2 * endedAfterSeconds}::float8)`);
}

async function removeProcess(database: Database, id: string): Promise<void> {
  await database.execute(sql`DELETE FROM processes WHERE process_id = ${id}`);
}
