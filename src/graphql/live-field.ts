import type { Actor } from '../commands/decider.ts';
import type { Position } from '../event-store/position.ts';
import type { Pollable } from '../live/frame.ts';
import { everything } from '../live/hub.ts';
import { type ListFrame, watchList } from '../live/watch-list.ts';
import { type ReportFrame, watchReport } from '../live/watch-report.ts';
import { type LiveRow, type RowFrame, type Sighting, watchRow } from '../live/watch-row.ts';
import type { Found } from '../projections/batched-read.ts';
import { type ChangeList, type LiveView, readChangePage } from '../projections/read-changes.ts';
import { type LiveReport, readLiveReport } from '../projections/read-report.ts';
import { StalePositionError } from '../projections/stale-position.ts';
import { type Context, startAfter, viewerOf } from './context.ts';
import { waitForPosition } from './wait-for-position.ts';

/** The object that a subscription is about. */
export interface Watched<Row> {
  readonly id: string;
  /** The argument `after` of the field. */
  readonly after: Position | null | undefined;
  /** An object that the viewer may not see is treated like a missing one. */
  readonly maySee: (viewer: Actor, row: Row) => boolean;
}

/**
 * Subscribes to one object: its current row, and its newest row after each change.
 * @throws NOT_FOUND if there is no such object that the viewer may see
 */
export function subscribeToRow<Row extends LiveRow>(
  context: Context,
  view: LiveView<Row, never>,
  { id, after: argument, maySee }: Watched<Row>,
): Promise<Pollable<RowFrame<Row>>> {
  const { hub, missing } = context.dependencies.liveViews.of(view);
  const after = startAfter(context, argument);
  async function look(): Promise<Sighting<Row> | undefined> {
    try {
      return await lookAfter(context, view, { id, after, maySee });
    } catch (error) {
      if (!(error instanceof StalePositionError)) throw error;
      const current = await lookAfter(context, view, { id, after: undefined, maySee });
      return current && { ...current, continues: false };
    }
  }
  return watchRow(hub, id, after, { look, gone: missing, logger: context.logger });
}

/** @throws StalePositionError if `after` is of another log */
async function lookAfter<Row extends LiveRow>(
  context: Context,
  view: LiveView<Row, never>,
  { id, after, maySee }: Watched<Row> & { readonly after: Position | undefined },
): Promise<Sighting<Row> | undefined> {
  const { find } = context.dependencies.liveViews.of(view);
  let found = await find(id);
  // The position of a frame is the position of its row. If it equals `after`, `after` is of this log and needs no
  // check.
  const row = found.value?.row;
  if (after && (row?.position !== after.point || row.hash !== after.hash)) {
    found = await find(id, after);
    // A server that has not reached `after` may lack the object's first event as well. So the read waits for `after`.
    if (!visibleRow(found, context, maySee)) found = await waitForPosition(context, after, () => find(id, after));
  }
  const visible = visibleRow(found, context, maySee);
  const isAhead = after !== undefined && found.position.point < after.point;
  return visible && { row: visible, continues: true, isAhead };
}

/**
 * Whether an object exists and the viewer may see it. A server that has not reached `after` may lack the object's
 * first event as well, so the read waits for `after`.
 */
export async function isVisible<Row extends LiveRow>(
  context: Context,
  view: LiveView<Row, never>,
  { id, after: argument, maySee }: Watched<Row>,
): Promise<boolean> {
  const { find } = context.dependencies.liveViews.of(view);
  const after = startAfter(context, argument);
  let found = await find(id);
  if (after && found.position.point < after.point && !visibleRow(found, context, maySee)) {
    found = await waitForPosition(context, after, () => find(id, after));
  }
  return visibleRow(found, context, maySee) !== undefined;
}

function visibleRow<Row>(
  { value }: Found<{ readonly row: Row }>,
  context: Context,
  maySee: Watched<Row>['maySee'],
): Row | undefined {
  return value && maySee(viewerOf(context), value.row) ? value.row : undefined;
}

/**
 * Subscribes to a list: each of its rows that changes, in its newest state, and progress while nothing changes.
 * Subscribers that are woken at the same position share the read, because its result does not depend on the viewer:
 * the field checks the viewer's rights before, and its rule again for each delivery.
 */
export function subscribeToList<Row extends LiveRow, Filter>(
  context: Context,
  view: LiveView<Row, Filter>,
  { after, ...list }: ChangeList<Filter> & { readonly after: Position | null | undefined },
): Promise<AsyncIterableIterator<ListFrame<Row>>> {
  const { liveViews, source, sharedReads } = context.dependencies;
  const read = (from: Position | undefined, limit: number) =>
    sharedReads.once(JSON.stringify([view.rows.name, list, from, limit]), () =>
      readChangePage(source, view, list, from, limit),
    );
  const { hub } = liveViews.of(view);
  return watchList(hub, list.scope ?? everything, startAfter(context, after), { read, logger: context.logger });
}

/**
 * Subscribes to a report: as it is now, and again after each change that changed it. Subscribers that are woken at the
 * same position share the read, as those of a list do: the field checks the viewer's rights before.
 */
export function subscribeToReport<Value, Source extends LiveRow>(
  context: Context,
  report: LiveReport<Value, Source>,
  { scope, after }: { readonly scope: string | undefined; readonly after: Position | null | undefined },
): Promise<AsyncIterableIterator<ReportFrame<Value>>> {
  const { liveViews, source, sharedReads } = context.dependencies;
  const read = (from: Position | undefined) =>
    sharedReads.once(JSON.stringify([report.name, scope, from]), () => readLiveReport(source, report, scope, from));
  const { hub } = liveViews.of(report.source);
  return watchReport(hub, scope ?? everything, startAfter(context, after), { read, logger: context.logger });
}
