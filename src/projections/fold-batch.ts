import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { PoisonError } from './poison-error.ts';
import { foldSkipped } from './skipped-events.ts';
import { sumChanges } from './sums.ts';
import type { FoldedView, SummedView, Views, ViewTable } from './view.ts';

interface ChangedRows {
  readonly view: ViewTable;
  readonly rows: readonly object[];
}

/** The changes of a batch: new rows, rows that are gone, and amounts to add to sums. */
export interface Changes {
  readonly rows: readonly ChangedRows[];
  readonly gone: readonly GoneRow[];
  readonly sums: readonly { readonly view: SummedView; readonly changes: readonly object[] }[];
}

export const noChanges: Changes = { rows: [], gone: [], sums: [] };

/** A row that exists no longer: the event that made it was skipped. */
interface GoneRow {
  readonly view: ViewTable;
  readonly id: string;
}

/** An event for which one stream is folded again: a retry or a skip. */
export interface Again {
  readonly streamType: string;
  readonly streamId: string;
  readonly position: number;
  readonly hash: string;
  /** Versions that are left out. */
  readonly skipped: ReadonlySet<number>;
  /** Whether the stream is folded from its first event; otherwise from its current rows on. */
  readonly fromStart: boolean;
}

/**
 * Folds events into every view.
 * @param before current rows of each folded view, by id
 * @param again event whose position the rows of its stream get, whatever their last event is
 * @throws PoisonError if an event cannot be folded
 */
export function foldBatch(
  views: Views,
  before: readonly ReadonlyMap<string, object>[],
  events: readonly RecordedEvent[],
  again?: Again,
): Changes {
  try {
    const gone: GoneRow[] = [];
    const folded = views.folded.map((view, index): ChangedRows => {
      const rows = before[index] ?? noRows;
      if (again === undefined) return { view, rows: [...foldEvents(view, rows, events).values()] };
      if (view.streamType !== again.streamType) return { view, rows: [] };
      const row = foldStream(view, rows, events, again);
      if (!row && rows.has(again.streamId)) gone.push({ view, id: again.streamId });
      return { view, rows: row ? [stamped(view, row, again)] : [] };
    });
    const derived = views.derived.map((view): ChangedRows => {
      const source = folded.find(one => one.view === view.source);
      return { view, rows: (source?.rows ?? []).map(row => view.derive(row)) };
    });
    const sums = views.summed.map(view => {
      const index = views.folded.indexOf(view.source);
      const goneIds = gone.flatMap(({ view: of, id }) => (of === view.source ? [id] : []));
      return { view, changes: sumChanges(view, before[index] ?? noRows, folded[index]?.rows ?? [], goneIds) };
    });
    const goneDerived = views.derived.flatMap(view =>
      gone.flatMap(({ view: of, id }) => (of === view.source ? [{ view, id }] : [])),
    );
    return { rows: [...folded, ...derived], gone: [...gone, ...goneDerived], sums };
  } catch (error) {
    throw new PoisonError(error);
  }
}

function foldEvents(
  view: FoldedView,
  rows: ReadonlyMap<string, object>,
  events: readonly RecordedEvent[],
): Map<string, object> {
  const changed = new Map<string, object>();
  for (const event of events) {
    if (event.streamType !== view.streamType) continue;
    const before = changed.get(event.streamId) ?? rows.get(event.streamId);
    const after = view.fold(before, event);
    if (after && after !== before) changed.set(event.streamId, after);
  }
  return changed;
}

const noRows: ReadonlyMap<string, object> = new Map();

/** The row of one stream that is folded again; undefined if it has none. */
export function foldStream(
  view: FoldedView,
  rows: ReadonlyMap<string, object>,
  events: readonly RecordedEvent[],
  { streamId, skipped, fromStart }: Pick<Again, 'streamId' | 'skipped' | 'fromStart'>,
): object | undefined {
  let row = fromStart ? undefined : rows.get(streamId);
  for (const event of events) {
    row = skipped.has(event.version) ? foldSkipped(view, row, event.version) : (view.fold(row, event) ?? row);
  }
  return row;
}

/** The row changed at the position of the retry or skip: subscribers are already past its last event. */
function stamped(view: FoldedView, row: object, { position, hash }: Again): object {
  return 'position' in view.columns ? { ...row, position, hash } : row;
}
