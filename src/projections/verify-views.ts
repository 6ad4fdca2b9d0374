import { isDeepStrictEqual } from 'node:util';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from '../event-store/stored-event.ts';
import { sql } from '../database/sql.ts';
import { projectionEvents } from './projection-events.ts';
import { idList, type ReadSource } from './read-entities.ts';
import { foldSkipped, readSkippedVersions } from './skipped-events.ts';
import { column, coreGroup, table, wholeColumns, wholeRow, wholeRowJson } from './view-sql.ts';
import { verifySums } from './verify-sums.ts';
import { oneLine, type ViewFault } from './verify-fault.ts';
import type { DerivedView, FoldedView, Views, ViewTable } from './view.ts';

/** Number of streams that are folded at once, which limits the memory however long the log is. */
const sliceSize = 500;

/**
 * Compares every row of every view with the fold of its stream, up to the checkpoint at which the rows were read. So
 * it is exact while commands and projector run.
 * @param onCompared called with the number of rows compared since the last call
 */
export async function verifyViews(
  source: ReadSource,
  views: Views,
  onCompared: (rows: number) => void,
): Promise<ViewFault[]> {
  const faults: ViewFault[] = [];
  for (const view of views.folded) {
    const derived = views.derived.filter(one => one.source === view);
    for (let after = ''; ; ) {
      const ids = await idsAfter(source, [view, ...derived], after);
      const last = ids.at(-1);
      if (last === undefined) break;
      const { rows, folded, events, faults: unfolded } = await slice(source, view, derived, ids);
      for (const [id, fault] of unfolded) faults.push({ view: view.name, id, fault });
      for (const id of ids.filter(one => !unfolded.has(one))) {
        const expected = folded.get(id);
        try {
          const ofOne = compare(view, id, rows.get(view.name)?.get(id), expected);
          for (const one of derived) {
            ofOne.push(...compare(one, id, rows.get(one.name)?.get(id), expected && one.derive(expected)));
          }
          faults.push(...ofOne);
        } catch (error) {
          // A fold may accept data from which the search words or a derived row cannot be computed: then an event is
          // wrong, and not this program.
          const position = firstUnusable(view, derived, events.get(id) ?? []);
          faults.push({ view: view.name, id, fault: unfoldable(position, error) });
        }
      }
      onCompared(ids.length * (1 + derived.length));
      after = last;
    }
  }
  for (const view of views.summed) {
    const { rows, faults: wrong } = await verifySums(source, view);
    faults.push(...wrong);
    onCompared(rows);
  }
  return faults;
}

/** The next ids that the log or one of the tables has, in order. */
async function idsAfter({ database }: ReadSource, tables: readonly ViewTable[], after: string): Promise<string[]> {
  const [view] = tables as readonly [FoldedView];
  const selects = tables.map(
    one => sql`
      (SELECT ${column('v', one.key)} AS id FROM checkpoints c JOIN ${table(one)} v ON v.generation = c.generation
       WHERE c.group_name = ${coreGroup} AND c.live AND ${column('v', one.key)} > ${after}
       ORDER BY 1 LIMIT ${sliceSize}::int)`,
  );
  const rows = await database.query<{ id: string }>(sql`
    SELECT id FROM (
      (SELECT e.stream_id AS id FROM events e
       WHERE e.stream_type = ${view.streamType} AND e.stream_id > ${after} AND e.version = 1
       ORDER BY 1 LIMIT ${sliceSize}::int)
      UNION ${sql.join(selects, ' UNION ')}
    ) known ORDER BY id COLLATE "C" LIMIT ${sliceSize}::int`);
  return rows.map(row => row.id);
}

/** Reads rows and checkpoint by one statement; then the events up to the checkpoint, which cannot change any more. */
async function slice(source: ReadSource, view: FoldedView, derived: readonly DerivedView[], ids: readonly string[]) {
  const { database, types } = source;
  const selects = [view, ...derived].map(
    one => sql`
      SELECT ${one.name} AS view, ${column('v', one.key)} AS id, ${wholeRowJson(one, 'v')} AS row, c.position::float8 AS point
      FROM c JOIN ${table(one)} v ON v.generation = c.generation AND ${column('v', one.key)} IN (SELECT ${idList(ids)})`,
  );
  const selected = await database.query<{ view: string | null; id: string; row: object; point: number }>(sql`
    WITH c AS MATERIALIZED (SELECT generation, position FROM checkpoints WHERE group_name = ${coreGroup} AND live)
    ${sql.join(selects, ' UNION ALL ')}
    UNION ALL SELECT NULL, NULL, NULL, c.position::float8 FROM c`);
  const point = selected[0]?.point ?? 0;
  const rows = new Map<string, Map<string, object>>();
  for (const { view: name, id, row } of selected) {
    if (name === null) continue;
    const known = rows.get(name) ?? new Map<string, object>();
    rows.set(name, known.set(id, row));
  }

  const events = await database.query<{ event: StoredEvent }>(sql`
    SELECT ${eventJson} AS event FROM ${eventsWithKeys}
    WHERE e.stream_type = ${view.streamType} AND e.stream_id IN (SELECT ${idList(ids)}) AND e.position <= ${point}::bigint
    ORDER BY e.stream_id, e.version`);
  const skipped = await readSkippedVersions(database, view.streamType, ids, point);
  const folded = new Map<string, object>();
  const foldedEvents = new Map<string, RecordedEvent[]>();
  const faults = new Map<string, string>();
  for (const { event } of events) {
    const id = event.streamId;
    if (faults.has(id)) continue;
    if (skipped.get(id)?.has(event.version)) {
      skip(view, folded, event);
      continue;
    }
    try {
      const recorded = recordedEvent(types, event);
      fold(view, folded, recorded);
      const known = foldedEvents.get(id);
      if (known) known.push(recorded);
      else foldedEvents.set(id, [recorded]);
    } catch (error) {
      faults.set(id, unfoldable(event.position, error));
    }
  }
  for (const again of await foldedAgain(source, view, ids, point)) {
    const row = folded.get(again.id);
    if (row && 'position' in view.columns) folded.set(again.id, stamped(row, again));
  }
  return { rows, folded, events: foldedEvents, faults };
}

/** The position of the first event after which the view's row, or a row derived from it, cannot be computed. */
function firstUnusable(
  view: FoldedView,
  derived: readonly DerivedView[],
  events: readonly RecordedEvent[],
): number | undefined {
  let row: object | undefined;
  for (const event of events) {
    row = view.fold(row, event);
    try {
      if (row) wholeRow(view, row);
      for (const one of row ? derived : []) wholeRow(one, one.derive(row as object));
    } catch {
      return event.position;
    }
  }
  return undefined;
}

function unfoldable(position: number | undefined, error: unknown): string {
  const event = position === undefined ? 'its events' : `event ${position}`;
  return `${event} can't be folded: ${oneLine(error)}`;
}

function fold(view: FoldedView, folded: Map<string, object>, event: RecordedEvent): void {
  const row = view.fold(folded.get(event.streamId), event);
  if (row) folded.set(event.streamId, row);
}

function skip(view: FoldedView, folded: Map<string, object>, { streamId, version }: StoredEvent): void {
  const row = foldSkipped(view, folded.get(streamId), version);
  if (row) folded.set(streamId, row);
}

interface FoldedAgain {
  readonly id: string;
  readonly position: number;
  readonly hash: string;
}

/** The last retry or skip of each stream: rows carry its position if it is after the stream's last event. */
async function foldedAgain(
  { database }: ReadSource,
  { streamType }: FoldedView,
  ids: readonly string[],
  point: number,
): Promise<FoldedAgain[]> {
  return database.query<FoldedAgain>(sql`
    SELECT DISTINCT ON (1) data->>'streamId' AS id, position::float8 AS position, encode(substr(hash, 1, 6), 'hex') AS hash
    FROM events WHERE stream_type = ${projectionEvents.streamType} AND data->>'streamType' = ${streamType}
      AND data->>'streamId' IN (SELECT ${idList(ids)}) AND position <= ${point}::bigint
    ORDER BY 1, position DESC`);
}

function stamped(row: object, { position, hash }: FoldedAgain): object {
  return (row as { position: number }).position < position ? { ...row, position, hash } : row;
}

function compare(view: ViewTable, id: string, row: object | undefined, expected: object | undefined): ViewFault[] {
  if (!row && !expected) return [];
  if (!row) return [{ view: view.name, id, fault: 'the row is missing' }];
  if (!expected) return [{ view: view.name, id, fault: 'no event created this row' }];
  const [is, shouldBe] = [row, wholeRow(view, expected)].map(one => comparable(view, one as Record<string, unknown>));
  return Object.keys(wholeColumns(view)).flatMap(name => {
    if (isDeepStrictEqual(is?.[name], shouldBe?.[name])) return [];
    const fault = `${name} is ${JSON.stringify(is?.[name])}, should be ${JSON.stringify(shouldBe?.[name])}`;
    return [{ view: view.name, id, fault }];
  });
}

/** Converts times to instants, because the database prints them differently from the fold. */
function comparable(view: ViewTable, row: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(wholeColumns(view)).map(([name, type]) => {
    const value = row[name];
    return [name, type === 'timestamptz' && typeof value === 'string' ? Date.parse(value) : (value ?? null)] as const;
  });
  return Object.fromEntries(entries);
}
