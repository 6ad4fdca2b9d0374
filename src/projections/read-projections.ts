import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { pendingRequest } from './rebuild-requests.ts';
import { coreGroup, firstOf } from './view-sql.ts';
import type { Views } from './view.ts';

/** If events wait longer than this for a projector, seconds, no projector is assumed to be active. */
const inactiveAfterSeconds = 5;

export type ProjectionState = 'LIVE' | 'REBUILDING' | 'PAUSED' | 'FAILED';

/** The state of a read model. */
export interface ProjectionStatus {
  readonly name: string;
  readonly state: ProjectionState;
  readonly position: Position;
  /** Stored events that are not in it yet. */
  readonly lagEvents: number;
  /** Age of the oldest of them, by the database's clock. */
  readonly lagSeconds: number;
  readonly parkedStreams: number;
  /** The error that stops its projector. */
  readonly failure: string | null;
  readonly rebuild: RebuildStatus | null;
}

export interface RebuildStatus {
  readonly processed: number;
  readonly total: number;
  /** Since the rebuild last started or resumed. */
  readonly eventsPerSecond: number;
  /** Null as long as it is unknown. */
  readonly etaSeconds: number | null;
}

type RunningRebuild = Omit<RebuildStatus, 'total' | 'etaSeconds'>;

interface Group extends Omit<ProjectionStatus, 'name' | 'state' | 'parkedStreams' | 'rebuild'> {
  /** Since it last moved. */
  readonly stillSeconds: number;
  readonly continues: boolean;
  readonly parked: Readonly<Record<string, number>> | null;
  /** The rebuild as the checkpoints have it, and the request that no projector has carried out yet. */
  readonly started: RunningRebuild | null;
  readonly pending: string | null;
  readonly head: number;
}

/** The state of every read model, and the position of the views. */
export interface Projections {
  readonly position: Position;
  /** False if the given position does not belong to this log. */
  readonly continues: boolean;
  readonly state: readonly ProjectionStatus[];
}

/** Reads the state of every read model in one statement. */
export async function readProjections(database: Database, views: Views): Promise<readonly ProjectionStatus[]> {
  return (await readProjectionsAfter(database, views, undefined)).state;
}

/** The same, and whether a position belongs to this log. */
export async function readProjectionsAfter(
  database: Database,
  views: Views,
  after: Position | undefined,
): Promise<Projections> {
  const group = await readGroup(database, after);
  const { position, continues, lagEvents, lagSeconds, failure } = group;
  const named = [
    ...views.folded.map(view => ({ name: view.name, streamType: view.streamType })),
    ...[...views.derived, ...views.summed].map(view => ({ name: view.name, streamType: view.source.streamType })),
  ];
  const state = named.map(({ name, streamType }) => ({
    name,
    state: stateOf(group),
    position,
    lagEvents,
    lagSeconds,
    failure,
    parkedStreams: group.parked?.[streamType] ?? 0,
    rebuild: rebuildOf(group),
  }));
  return { position, continues, state };
}

function stateOf(group: Group): ProjectionState {
  const { failure, lagSeconds, stillSeconds } = group;
  if (failure !== null) return 'FAILED';
  if (lagSeconds > inactiveAfterSeconds && stillSeconds > inactiveAfterSeconds) return 'PAUSED';
  return runningRebuild(group) ? 'REBUILDING' : 'LIVE';
}

/** With the last request, so that a caller who made it sees it at once. */
function runningRebuild({ started, pending }: Group): RunningRebuild | null {
  if (pending === 'RebuildAbandoned') return null;
  return started ?? (pending === null ? null : { processed: 0, eventsPerSecond: 0 });
}

function rebuildOf(group: Group): RebuildStatus | null {
  const { head } = group;
  const rebuild = runningRebuild(group);
  if (!rebuild) return null;
  const { processed, eventsPerSecond } = rebuild;
  const etaSeconds = eventsPerSecond > 0 ? Math.max(head - processed, 0) / eventsPerSecond : null;
  return { processed, total: Math.max(head, processed), eventsPerSecond, etaSeconds };
}

async function readGroup(database: Database, after: Position | undefined): Promise<Group> {
  const rows = await database.query<Group>(sql`
    SELECT jsonb_build_object('point', c.position, 'hash', c.hash) AS position, ${isOfThisLog(after)} AS continues,
      head.position::float8 AS head, c.failure,
      greatest(head.position - c.position, 0)::float8 AS "lagEvents",
      coalesce(greatest(extract(epoch FROM clock_timestamp() - (
        SELECT e.recorded_at FROM events e WHERE e.position = c.position + 1)), 0), 0)::float8 AS "lagSeconds",
      extract(epoch FROM clock_timestamp() - c.moved_at)::float8 AS "stillSeconds", (
        SELECT jsonb_object_agg(p.stream_type, p.streams) FROM (
          SELECT stream_type, count(*) AS streams FROM parked_streams
          WHERE group_name = c.group_name AND generation = c.generation GROUP BY stream_type) p
      ) AS parked, (
        SELECT jsonb_build_object('processed', r.position, 'eventsPerSecond',
          coalesce((r.position - r.run_from) / nullif(extract(epoch FROM r.moved_at - r.run_at), 0), 0)::float8)
        FROM checkpoints r WHERE r.group_name = c.group_name AND NOT r.live AND NOT r.retired
      ) AS started, ${pendingRequest} AS pending
    FROM checkpoints c, (
      SELECT coalesce((SELECT position FROM events ORDER BY position DESC LIMIT 1), 0) AS position) head
    WHERE c.group_name = ${coreGroup} AND c.live`);
  return firstOf(rows);
}
