// What the projector reads before it folds: the stored rows of some streams, as they are.
import type { Database } from '../database/database.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { StreamName } from './projection-events.ts';
import { column, coreGroup, rowText, table } from './view-sql.ts';
import type { FoldedView } from './view.ts';

/** The rows of some streams in a generation, from one statement. */
export interface Loaded {
  /** By the index of the folded view, then by id. */
  readonly rows: readonly Map<string, object>[];
  /** The version that cannot be folded, by stream id. */
  readonly parked: ReadonlyMap<string, number>;
}

/**
 * Reads every view's rows of some streams, and which of those streams are parked. It looks up one key after another:
 * a plan for a set of keys that was made while the table was small scans the table, and a session caches its plans.
 */
export async function readRowsToFold(
  database: Database,
  views: readonly FoldedView[],
  generation: number,
  streams: readonly StreamName[],
): Promise<Loaded> {
  if (streams.length === 0) return { rows: views.map(() => new Map<string, object>()), parked: new Map() };
  const selects = views.map((view, index) => {
    const ofType = streams.filter(one => one.streamType === view.streamType);
    return sql`
      SELECT ${index}::int AS view, wanted.id, found.row FROM ${wanted(ofType)} CROSS JOIN LATERAL (
        SELECT ${rowText(view, 'v')} AS row FROM ${table(view)} v
        WHERE v.generation = ${generation}::int AND ${column('v', view.key)} = wanted.id LIMIT 1) found`;
  });
  const found = await database.lookUp<{ view: number; id: string; row: unknown }>(sql`
    ${sql.join(selects, ' UNION ALL ')}
    UNION ALL SELECT -1, wanted.id, found.row FROM ${wanted(streams)} CROSS JOIN LATERAL (
      SELECT to_json(p.version) AS row FROM parked_streams p
      WHERE p.group_name = ${coreGroup} AND p.generation = ${generation}::int
        AND p.stream_type = wanted.type AND p.stream_id = wanted.id LIMIT 1) found`);
  const rows = views.map(
    (_, index) => new Map(found.filter(one => one.view === index).map(one => [one.id, one.row as object])),
  );
  return { rows, parked: new Map(found.filter(one => one.view === -1).map(one => [one.id, one.row as number])) };
}

function wanted(streams: readonly StreamName[]): Sql {
  const names = JSON.stringify(streams.map(({ streamType: type, streamId: id }) => ({ type, id })));
  return sql`json_to_recordset(${names}::json) AS wanted(type text, id text)`;
}
