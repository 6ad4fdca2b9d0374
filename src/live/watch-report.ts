import { isDeepStrictEqual } from 'node:util';
import { type Position, startOfLog } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { type ListChanges, type ListFrame, watchList } from './watch-list.ts';

/*
 * State of a report's watch, beside that of the list's watch that it is made of (watch-list.ts):
 *
 *   newest.report  The newest report that was read: the subscriber has it, or its frame is pending. Only a read that
 *                  has reached the subscriber's position sets it; until then it is unknown whether that position is of
 *                  this log, and nothing is sent.
 *   snapshot       The report that was read when the watch was opened. If it is sent, its frame is the SNAPSHOT.
 */

/** A report, and the position that it reflects: one object for all subscribers that share a read. */
export interface Report<Value> {
  readonly position: number;
  readonly hash: string;
  readonly value: Value;
}

export type ReportFrame<Value> = Frame & { readonly row: Report<Value> };

export interface ReportSource<Value> {
  /** Reads the report, and whether it may have changed after a position. Without a position it counts as changed. */
  readonly read: (after: Position | undefined) => Promise<{
    readonly report: Report<Value>;
    /** False if the requested position is not part of this log. */
    readonly continues: boolean;
    readonly isChanged: boolean;
  }>;
  readonly logger: Logger;
}

/**
 * Watches a report over the rows of a scope. The first frame is a snapshot, unless no row has changed since `after`;
 * then each change of the report is a frame. It is watched like a list with one row, the report: it is read only after
 * a row of the scope changed and the subscriber has taken the last frame, so a slow subscriber skips intermediate
 * reports, but always receives the newest. A report that is the same as before is not sent.
 * @param after resume after this position: the subscriber has the report as it was there
 * @throws if the first read fails
 */
export async function watchReport<Value>(
  hub: Pick<Hub<never>, 'watchScope' | 'notifiedPosition'>,
  scope: string,
  after: Position | undefined,
  { read, logger }: ReportSource<Value>,
): Promise<AsyncIterableIterator<ReportFrame<Value>>> {
  const newest: { report?: Report<Value> } = {};

  async function readChange(from = startOfLog): Promise<ListChanges<Report<Value>>> {
    const { report, continues, isChanged } = await read(newest.report ? from : after);
    const position = { point: report.position, hash: report.hash };
    const isBehind = continues && position.point < from.point;
    if (isBehind) return { rows: [], position, continues };
    const differs = newest.report ? !isDeepStrictEqual(report.value, newest.report.value) : isChanged;
    newest.report = report;
    return { rows: continues && differs ? [report] : [], position, continues };
  }

  const frames = await watchList(hub, scope, after ?? startOfLog, { read: readChange, logger });
  const snapshot = newest.report;

  /** Undefined for a progress frame: a report needs none, because each frame has all of it. */
  function reportFrame({ kind, position, row: changed }: ListFrame<Report<Value>>): ReportFrame<Value> | undefined {
    // After RESYNC the subscriber gets the report that the same read has returned.
    const row = kind === 'RESYNC' ? newest.report : changed;
    return row && { kind: row === snapshot && kind === 'UPDATE' ? 'SNAPSHOT' : kind, position, row };
  }

  const reports: AsyncIterableIterator<ReportFrame<Value>> = {
    [Symbol.asyncIterator]: () => reports,
    async next() {
      for (;;) {
        const { value, done } = (await frames.next()) as IteratorResult<ListFrame<Report<Value>>, undefined>;
        if (done) return { value, done };
        const frame = reportFrame(value);
        if (frame) return { value: frame, done: false };
      }
    },
    async return() {
      await frames.return?.();
      return { value: undefined, done: true };
    },
  };
  return reports;
}
