import type { Position } from '../event-store/position.ts';
import type { Bus } from '../live/bus.ts';
import { everything, type Hub, openHub } from '../live/hub.ts';
import type { LiveRow } from '../live/watch-row.ts';
import { type Found, openEntityRead } from '../projections/batched-read.ts';
import { type AnyLiveView, type LiveView, readReached, readWatchedChanges } from '../projections/read-changes.ts';
import { openReadEntities, type ReadSource } from '../projections/read-entities.ts';
import type { Logger } from '../telemetry/logger.ts';
import { codedError } from './coded-error.ts';

/** What all subscribers of one view on this node share. */
export interface OpenLiveView<Row> {
  readonly hub: Hub<Row>;
  /**
   * Reads a row from the log and not only from the view, so that it is found once its first event was acknowledged.
   * One statement reads up to a hundred rows for subscribers that start at the same moment: after a node fails,
   * thousands of clients connect to another node at once, and with a statement each they would wait for a connection
   * until the timeout. The row is never a cached one, because the frames for several subscribers are made from it.
   * @param atLeast a position of which the read checks only that it is of the same log
   * @throws StalePositionError
   */
  readonly find: (id: string, atLeast?: Position) => Promise<Found<{ readonly row: Row }>>;
  /** Creates the error for a missing row, or one that the viewer may not see. */
  readonly missing: () => Error;
}

/** The live views of a node. */
export interface LiveViews {
  of<Row extends LiveRow>(view: LiveView<Row, never>): OpenLiveView<Row>;
  /** Resolves when the views have reached a position on this node, or after the timeout. */
  awaitPosition(position: Position, timeoutMs: number): Promise<void>;
  close(): void;
}

/**
 * Opens a hub for each view, and one more for reads that wait for a position, which need no rows.
 * @param start the position of the views now
 */
export function openLiveViews(
  views: readonly AnyLiveView[],
  { source, start, bus, logger }: { source: ReadSource; start: Position; bus: Bus; logger: Logger },
): LiveViews {
  const opened = new Map<AnyLiveView, OpenLiveView<LiveRow>>();
  for (const view of views as readonly LiveView<LiveRow, never>[]) {
    const hub = openHub<LiveRow>({
      read: (after, watched) => readWatchedChanges(source, view, after, watched, everything),
      start,
      bus,
      logger: logger.child({ component: 'hub', view: view.rows.name }),
    });
    const read = openReadEntities(view.rows);
    opened.set(view, {
      hub,
      find: openEntityRead((ids, atLeast) => read(source, ids, atLeast)),
      missing: () => codedError('NOT_FOUND', `There is no ${view.rows.streamType} with this id.`),
    });
  }
  const checkpoint = openHub<never>({
    read: after => readReached(source, after),
    start,
    bus,
    logger: logger.child({ component: 'hub' }),
  });
  return {
    of<Row extends LiveRow>(view: LiveView<Row, never>) {
      const one = opened.get(view);
      if (!one) throw new Error(`${view.rows.name} is not in the list of live views`);
      return one as unknown as OpenLiveView<Row>;
    },
    awaitPosition: (position, timeoutMs) => checkpoint.awaitPosition(position, timeoutMs),
    close() {
      for (const { hub } of opened.values()) hub.close();
      checkpoint.close();
    },
  };
}
