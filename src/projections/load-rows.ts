import type { Database } from '../database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { StreamName } from './retry-event.ts';
import { column, coreGroup, rowText, table } from './view-sql.ts';
import type { FoldedView } from './view.ts';

/** What a generation holds of some streams, as one statement saw it. */
export interface Loaded {
  /** By the view's place among the folded ones, then by id. */
  readonly rows: readonly Map<string, object>[];
  /** The version that can't be folded, by the stream's id. */
  readonly parked: ReadonlyMap<string, number>;
}

/**
 * Every view's rows of some streams, and which of those are parked. One row after the other by its key: a plan for a set
 * of keys that is made while the table is small reads the table, and a session keeps its plans.
 */
export async function loadRows(
  database: Database,
  views: readonly FoldedView[],
  generation: number,
  streams: readonly StreamName[],
): Promise<Loaded> {
  if (streams.length === 0) return { rows: views.map(() => new Map<string, object>()), parked: new Map() };
  const selects = views.map((view, index) => {
    const ofType = streams.filter(one => one.streamType === view.streamType);
    return Prisma.sql`
      SELECT ${index}::int AS view, wanted.id, found.row FROM ${wanted(ofType)} CROSS JOIN LATERAL (
        SELECT ${rowText(view, 'v')} AS row FROM ${table(view)} v
        WHERE v.generation = ${generation}::int AND ${column('v', view.key)} = wanted.id LIMIT 1) found`;
  });
  const found = await database.$queryRaw<{ view: number; id: string; row: unknown }[]>`
    ${Prisma.join(selects, ' UNION ALL ')}
    UNION ALL SELECT -1, wanted.id, found.row FROM ${wanted(streams)} CROSS JOIN LATERAL (
      SELECT to_json(p.version) AS row FROM parked_streams p
      WHERE p.group_name = ${coreGroup} AND p.generation = ${generation}::int
        AND p.stream_type = wanted.type AND p.stream_id = wanted.id LIMIT 1) found`;
  const rows = views.map(
    (_, index) => new Map(found.filter(one => one.view === index).map(one => [one.id, one.row as object])),
  );
  return { rows, parked: new Map(found.filter(one => one.view === -1).map(one => [one.id, one.row as number])) };
}

function wanted(streams: readonly StreamName[]): Prisma.Sql {
  const names = JSON.stringify(streams.map(({ streamType: type, streamId: id }) => ({ type, id })));
  return Prisma.sql`json_to_recordset(${names}::json) AS wanted(type text, id text)`;
}
