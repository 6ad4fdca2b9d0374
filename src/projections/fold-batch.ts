import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { PoisonError } from './poison-error.ts';
import { sumChanges } from './sums.ts';
import type { FoldedView, SummedView, Views, ViewTable } from './view.ts';

interface ChangedRows {
  readonly view: ViewTable;
  readonly rows: readonly object[];
}

/** The changes of a batch: new rows, and amounts to add to sums. */
export interface Changes {
  readonly rows: readonly ChangedRows[];
  readonly sums: readonly { readonly view: SummedView; readonly changes: readonly object[] }[];
}

export const noChanges: Changes = { rows: [], sums: [] };

/** A retry event and its stream. */
export interface Retry {
  readonly streamType: string;
  readonly streamId: string;
  readonly position: number;
  readonly hash: string;
}

/**
 * Folds events into every view.
 * @param before current rows of each folded view, by id
 * @param retry event whose position the rows of its stream get, whatever their last event is
 * @throws PoisonError if an event cannot be folded
 */
export function foldBatch(
  views: Views,
  before: readonly ReadonlyMap<string, object>[],
  events: readonly RecordedEvent[],
  retry?: Retry,
): Changes {
  try {
    const folded = views.folded.map((view, index): ChangedRows => {
      const rows = before[index] ?? new Map<string, object>();
      const changed = foldEvents(view, rows, events);
      if (retry && view.streamType === retry.streamType) stamp(view, rows, changed, retry);
      return { view, rows: [...changed.values()] };
    });
    const derived = views.derived.map((view): ChangedRows => {
      const source = folded.find(one => one.view === view.source);
      return { view, rows: (source?.rows ?? []).map(row => view.derive(row)) };
    });
    const sums = views.summed.map(view => {
      const index = views.folded.indexOf(view.source);
      return { view, changes: sumChanges(view, before[index] ?? new Map(), folded[index]?.rows ?? []) };
    });
    return { rows: [...folded, ...derived], sums };
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

/** The row changed at the position of the retry: subscribers are already past its last event. */
function stamp(
  view: FoldedView,
  rows: ReadonlyMap<string, object>,
  changed: Map<string, object>,
  { streamId, position, hash }: Retry,
): void {
  const row = changed.get(streamId) ?? rows.get(streamId);
  if (row && 'position' in view.columns) changed.set(streamId, { ...row, position, hash });
}
