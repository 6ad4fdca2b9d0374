import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import type { ParkedStream } from './park-stream.ts';
import { StalePositionError } from './stale-position.ts';
import { checkpointPosition, coreGroup, firstOf, liveCheckpoint } from './view-sql.ts';

/** Above this number, rows are not counted. */
const countLimit = 10_000;

/** A page of parked streams, sorted by the position of the event before which each is parked. */
export interface ParkedPageRequest {
  readonly limit: number;
  readonly backwards: boolean;
  /** The position of the row at which the page starts or ends, without it. */
  readonly cursor: number | undefined;
  readonly atLeast: Position | undefined;
}

/** A parked stream, with the hash of the event that cannot be folded, as it is in a position. */
export interface ParkedRow extends ParkedStream {
  readonly hash: string;
}

export interface ParkedPage {
  readonly rows: readonly ParkedRow[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Null if there are more than 10,000. */
  readonly totalCount: number | null;
  readonly position: Position;
}

interface Selected {
  readonly position: Position;
  readonly continues: boolean;
  readonly count: number;
  readonly otherSide: boolean;
  readonly rows: readonly ParkedRow[] | null;
}

/**
 * Reads a page of the parked streams of the live generation, and the position that it reflects, in one statement. The
 * position of an event belongs to one stream, so it alone is the place in the list.
 * @throws StalePositionError if `atLeast` is not of this log
 */
export async function readParkedPage(database: Database, request: ParkedPageRequest): Promise<ParkedPage> {
  const { limit, backwards, cursor, atLeast } = request;
  const [order, from, past] = backwards
    ? [sql`DESC`, sql`p.position < ${cursor ?? Number.MAX_SAFE_INTEGER}::bigint`, sql`>=`]
    : [sql`ASC`, sql`p.position > ${cursor ?? 0}::bigint`, sql`<=`];
  const selected = await database.query<Selected>(sql`
    WITH c AS MATERIALIZED (${liveCheckpoint}),
    parked AS (
      SELECT p.*
      FROM parked_streams p JOIN c ON p.generation = c.generation
      WHERE p.group_name = ${coreGroup}
    )
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(atLeast)} AS continues,
      (SELECT count(*)::int FROM (SELECT FROM parked LIMIT ${countLimit + 1}::int) counted) AS count,
      EXISTS (SELECT FROM parked p WHERE p.position ${past} ${cursor ?? -1}::bigint AND ${cursor !== undefined}) AS "otherSide",
      (SELECT jsonb_agg(${parkedJson}) FROM (
        SELECT * FROM parked p WHERE ${from} ORDER BY p.position ${order} LIMIT ${limit + 1}::int
      ) p) AS rows
    FROM c`);
  const { position, continues, count, otherSide, rows } = firstOf(selected);
  if (!continues) throw new StalePositionError();
  const found = rows ?? [];
  const page = found.slice(0, limit);
  const isMore = found.length > limit;
  return {
    rows: backwards ? page.reverse() : page,
    hasNextPage: backwards ? otherSide : isMore,
    hasPreviousPage: backwards ? isMore : otherSide,
    totalCount: count > countLimit ? null : count,
    position,
  };
}

/** A parked stream of the live generation; undefined if it is not parked. */
export async function readParkedStream(database: Database, streamId: string): Promise<ParkedStream | undefined> {
  const rows = await database.query<{ stream: ParkedStream }>(sql`
    SELECT ${parkedJson} AS stream
    FROM checkpoints c JOIN parked_streams p ON p.group_name = c.group_name AND p.generation = c.generation
    WHERE c.group_name = ${coreGroup} AND c.live AND p.stream_id = ${streamId}
    LIMIT 1`);
  return rows[0]?.stream;
}

/** The row `p` of `parked_streams` as JSON. */
const parkedJson = sql`jsonb_build_object(
  'streamType', p.stream_type,
  'streamId', p.stream_id,
  'version', p.version,
  'position', p.position,
  'hash', (SELECT encode(substr(e.hash, 1, 6), 'hex') FROM events e WHERE e.position = p.position),
  'error', p.error,
  'attempts', p.attempts,
  'triedAt', to_char(p.tried_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
