import type { Database } from '../database.ts';
import { type EventTypes, UnknownEventError } from '../event-store/event-types.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from '../event-store/stored-event.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { StalePositionError } from './stale-position.ts';
import { column, coreGroup, rowJson, table } from './view-sql.ts';
import type { FoldedView, View } from './view.ts';

/** Where rows are read from, and how the events beyond them are. */
export interface ReadSource {
  readonly database: Database;
  readonly types: EventTypes;
}

/** Rows as the log has them at `position`, its end. */
export interface Entities<Row, Joined> {
  readonly position: Position;
  /** Those with an event that can't be folded, by id, and its position: their rows, if any, stand still before it. */
  readonly parked: ReadonlyMap<string, number>;
  readonly rows: ReadonlyMap<string, { readonly row: Row; readonly joined: Joined | undefined }>;
}

/** A second view whose row is wanted beside each: its id stands in that column, and in the first event's data. */
export interface Join<Row, Joined extends object> {
  readonly view: View<Joined>;
  readonly by: keyof Row & string;
}

interface Selected {
  readonly id: string;
  readonly head: Position;
  readonly continues: boolean;
  readonly row: object | null;
  readonly newer: StoredEvent[] | null;
  readonly joinedRow: object | null;
  readonly joinedNewer: StoredEvent[] | null;
}

/** The ids asked for, as the rows `wanted(id)` of a statement. */
export function idList(ids: readonly string[]): Prisma.Sql {
  return Prisma.sql`jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)`;
}

/**
 * The same for whoever joins tables to them: here the planner counts the ids, where it takes a function's rows for a
 * hundred and would rather read a small table from end to end.
 */
export function idRows(ids: readonly string[]): Prisma.Sql {
  if (ids.length === 0) return Prisma.sql`(SELECT NULL::text WHERE false)`;
  return Prisma.sql`(VALUES ${Prisma.join(ids.map(id => Prisma.sql`(${id}::text)`))})`;
}

/**
 * Reads entities without ever waiting for the projector: each row, and the events of its stream that are not in it
 * yet, come from one statement and are folded here.
 * @param wanted a set of rows with one text column, the ids; see idRows()
 * @param atLeast a position that the answer must be of the same log as
 * @throws StalePositionError where `atLeast` is not of this log
 */
export async function readEntities<Row extends object, Joined extends object = object>(
  source: ReadSource,
  view: View<Row>,
  wanted: Prisma.Sql,
  options: { atLeast?: Position | undefined; join?: Join<Row, Joined> } = {},
): Promise<Entities<Row, Joined>> {
  const { atLeast, join } = options;
  const selected = await source.database.$queryRaw<Selected[]>`
    SELECT wanted.id, ${head} AS head, ${isOfThisLog(atLeast)} AS continues,
      CASE WHEN ${column('v', view.key)} IS NOT NULL THEN ${rowJson(view, 'v')} END AS row, newer.events AS newer,
      ${join ? joinedColumns(join.view) : Prisma.sql`NULL::jsonb AS "joinedRow", NULL::jsonb AS "joinedNewer"`}
    FROM checkpoints c
    LEFT JOIN ${wanted} AS wanted(id) ON true
    LEFT JOIN ${table(view)} v ON v.generation = c.generation AND ${column('v', view.key)} = wanted.id
    LEFT JOIN LATERAL (${newerEvents(view, Prisma.sql`wanted.id`, Prisma.sql`v.version`)}) newer ON true
    ${join ? joinedTables(join) : Prisma.empty}
    WHERE c.group_name = ${coreGroup} AND c.live`;
  const first = selected[0];
  if (!first) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  if (!first.continues) throw new StalePositionError();

  const rows = new Map<string, { row: Row; joined: Joined | undefined }>();
  const parked = new Map<string, number>();
  for (const one of selected) {
    const { row, parkedAt } = foldNewer(source.types, view, one.row, one.newer);
    if (parkedAt !== undefined) parked.set(one.id, parkedAt);
    if (row) {
      const joined = join && foldNewer(source.types, join.view, one.joinedRow, one.joinedNewer).row;
      rows.set(one.id, { row, joined });
    }
  }
  return { position: first.head, rows, parked };
}

const head = Prisma.sql`coalesce(
  (SELECT jsonb_build_object('point', position, 'hash', encode(substr(hash, 1, 6), 'hex'))
   FROM events ORDER BY position DESC LIMIT 1),
  '{"point": 0, "hash": "000000000000"}')`;

/** Events of a stream that a row does not hold yet: by version, so by the stream's index, and mostly none. */
function newerEvents(view: FoldedView, id: Prisma.Sql, version: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT jsonb_agg(${eventJson} ORDER BY e.version) AS events FROM ${eventsWithKeys}
    WHERE e.stream_type = ${view.streamType} AND e.stream_id = ${id} AND e.version > coalesce(${version}, 0)`;
}

function joinedColumns(view: FoldedView): Prisma.Sql {
  return Prisma.sql`
    CASE WHEN ${column('j', view.key)} IS NOT NULL THEN ${rowJson(view, 'j')} END AS "joinedRow",
    joined_newer.events AS "joinedNewer"`;
}

function joinedTables({ view, by }: { view: FoldedView; by: string }): Prisma.Sql {
  return Prisma.sql`
    LEFT JOIN LATERAL (SELECT coalesce(${column('v', by)}, newer.events->0->'data'->>${by}) AS id) other ON true
    LEFT JOIN ${table(view)} j ON j.generation = c.generation AND ${column('j', view.key)} = other.id
    LEFT JOIN LATERAL (${newerEvents(view, Prisma.sql`other.id`, Prisma.sql`j.version`)}) joined_newer ON true`;
}

/** The row as far as it can be folded. */
function foldNewer<Row extends object>(
  types: EventTypes,
  view: View<Row>,
  row: object | null,
  newer: readonly StoredEvent[] | null,
): { row: Row | undefined; parkedAt?: number } {
  let folded = (row as Row | null) ?? undefined;
  for (const event of newer ?? []) {
    try {
      folded = view.fold(folded, recordedEvent(types, event));
    } catch (error) {
      if (error instanceof UnknownEventError) throw error;
      return { row: folded, parkedAt: event.position };
    }
  }
  return { row: folded };
}
