import type { Database } from '../database.ts';
import type { Position } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Checkpoint } from './checkpoint.ts';
import { column, coreGroup, rowJson, table, upsertRows } from './view-sql.ts';
import { addToSums, sumChanges } from './sums.ts';
import type { FoldedView, SummedView, Views, ViewTable } from './view.ts';

type Rows = Map<string, object>;

interface Changed {
  readonly view: ViewTable;
  readonly rows: readonly object[];
}

interface ChangedSums {
  readonly view: SummedView;
  readonly changes: readonly object[];
}

/**
 * Folds a batch of events, the next ones after the checkpoint, into every view.
 * @returns whether the checkpoint moved: false where another projector had moved it, and then nothing was written
 */
export async function projectBatch(
  database: Database,
  views: Views,
  checkpoint: Checkpoint,
  events: readonly RecordedEvent[],
): Promise<boolean> {
  const last = events.at(-1);
  if (!last) return true;
  const loaded = await loadRows(database, views.folded, checkpoint.generation, events);
  const folded = views.folded.map((view, index): Changed => {
    return { view, rows: foldEvents(view, loaded[index] ?? new Map<string, object>(), events) };
  });
  const derived = views.derived.map((view): Changed => {
    const source = folded.find(one => one.view === view.source);
    return { view, rows: (source?.rows ?? []).map(row => view.derive(row)) };
  });
  const summed = views.summed.map((view): ChangedSums => {
    const index = views.folded.indexOf(view.source);
    return { view, changes: sumChanges(view, loaded[index] ?? new Map(), folded[index]?.rows ?? []) };
  });
  return writeRows(database, checkpoint, { point: last.position, hash: last.hash }, [...folded, ...derived], summed);
}

/** The rows as the batch leaves them, those that it changes only. */
function foldEvents(view: FoldedView, rows: Rows, events: readonly RecordedEvent[]): object[] {
  const changed: Rows = new Map();
  for (const event of events) {
    if (event.streamType !== view.streamType) continue;
    const before = changed.get(event.streamId) ?? rows.get(event.streamId);
    const after = view.fold(before, event);
    if (after && after !== before) changed.set(event.streamId, after);
  }
  return [...changed.values()];
}

/** Every view's rows of the streams that the batch touches, from one statement. */
async function loadRows(
  database: Database,
  views: readonly FoldedView[],
  generation: number,
  events: readonly RecordedEvent[],
): Promise<Rows[]> {
  const selects = views.map((view, index) => {
    const ids = new Set(events.filter(event => event.streamType === view.streamType).map(event => event.streamId));
    return Prisma.sql`
      SELECT ${index}::int AS view, ${column('v', view.key)} AS id, ${rowJson(view, 'v')} AS row FROM ${table(view)} v
      WHERE v.generation = ${generation}::int AND ${column('v', view.key)} = ANY (
        ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify([...ids])}::jsonb)))`;
  });
  const rows = await database.$queryRaw<{ view: number; id: string; row: object }[]>`
    ${Prisma.join(selects, ' UNION ALL ')}`;
  return views.map((_, index) => new Map(rows.filter(row => row.view === index).map(row => [row.id, row.row])));
}

/**
 * Moves the checkpoint by compare-and-set and writes the rows, all in one statement, so in one transaction that no
 * pause of this process can leave open. A projector that was overtaken, stopped and went on, or is a twin, moves
 * nothing and so writes nothing: this alone keeps each event folded once.
 */
async function writeRows(
  database: Database,
  from: Checkpoint,
  to: Position,
  changed: readonly Changed[],
  summed: readonly ChangedSums[],
): Promise<boolean> {
  const statements = [
    ...changed.flatMap(({ view, rows }) => (rows.length === 0 ? [] : [upsertRows(view, from.generation, rows)])),
    ...summed.flatMap(({ view, changes }) => {
      return changes.length === 0 ? [] : [addToSums(view, from.generation, changes)];
    }),
  ];
  const writes = statements.map((sql, index) => Prisma.sql`, ${Prisma.raw(`write_${index}`)} AS (${sql})`);
  const moved = await database.$queryRaw<unknown[]>`
    WITH moved AS (
      UPDATE checkpoints SET position = ${to.point}::bigint, hash = ${to.hash}
      WHERE group_name = ${coreGroup} AND generation = ${from.generation}::int AND live
        AND position = ${from.position.point}::bigint AND hash = ${from.position.hash}
      RETURNING 1
    ) ${writes.length > 0 ? Prisma.join(writes, '') : Prisma.empty}
    SELECT 1 FROM moved`;
  return moved.length > 0;
}
