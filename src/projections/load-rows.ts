import type { Database } from '../database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { StreamName } from './retry-event.ts';
import { column, coreGroup, rowJson, table } from './view-sql.ts';
import type { FoldedView } from './view.ts';

/** What a generation holds of some streams, as one statement saw it. */
export interface Loaded {
  /** By the view's place among the folded ones, then by id. */
  readonly rows: readonly Map<string, object>[];
  /** The version that can't be folded, by the stream's id. */
  readonly parked: ReadonlyMap<string, number>;
}

/** Every view's rows of some streams, and which of those are parked. */
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
      SELECT ${index}::int AS view, ${column('v', view.key)} AS id, ${rowJson(view, 'v')} AS row FROM ${table(view)} v
      WHERE v.generation = ${generation}::int AND ${column('v', view.key)} = ANY (${idsOf(ofType)})`;
  });
  const found = await database.$queryRaw<{ view: number; id: string; row: unknown }[]>`
    ${Prisma.join(selects, ' UNION ALL ')}
    UNION ALL SELECT -1, stream_id, to_jsonb(version) FROM parked_streams
    WHERE group_name = ${coreGroup} AND generation = ${generation}::int AND stream_id = ANY (${idsOf(streams)})`;
  const rows = views.map(
    (_, index) => new Map(found.filter(one => one.view === index).map(one => [one.id, one.row as object])),
  );
  return { rows, parked: new Map(found.filter(one => one.view === -1).map(one => [one.id, one.row as number])) };
}

function idsOf(streams: readonly StreamName[]): Prisma.Sql {
  const ids = JSON.stringify(streams.map(one => one.streamId));
  return Prisma.sql`ARRAY(SELECT jsonb_array_elements_text(${ids}::jsonb))`;
}
