// What a report reads: a few sorted rows that are no page of a list, such as sales by day.
import { type Sql, sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { isListChanged, type LastChange, type LiveView } from './read-changes.ts';
import type { ReadSource } from './read-entities.ts';
import { StalePositionError } from './stale-position.ts';
import { checkpointPosition, firstOf, liveCheckpoint } from './view-sql.ts';

interface Selected<Row> {
  readonly position: Position;
  readonly continues: boolean;
  readonly isChanged: boolean;
  readonly rows: readonly Row[] | null;
}

/**
 * Reads rows that are no page, and the position that they reflect, in one statement.
 * @param select a few sorted rows of the generation of the one row of `c`
 * @param atLeast a position of the log that the answer must come from
 * @throws StalePositionError if `atLeast` does not belong to this log
 */
export async function readReport<Row>(
  source: ReadSource,
  select: Sql,
  atLeast: Position | undefined,
): Promise<{ position: Position; rows: readonly Row[] }> {
  const answer = await readSelected<Row>(source, select, atLeast, sql`true`);
  if (!answer.continues) throw new StalePositionError();
  return { position: answer.position, rows: answer.rows ?? [] };
}

/** A report that subscribers get again when it has changed. */
export interface LiveReport<Value, Source extends LastChange> {
  readonly name: string;
  /** What the report is about: it changes only if a row of this view changes. */
  readonly source: LiveView<Source, never>;
  /**
   * As `select` of readReport(), about the rows of one scope of the source.
   * @param scope undefined: all rows
   */
  select(scope: string | undefined): Sql;
  /** The report that the selected rows make. */
  fromRows(rows: readonly object[]): Value;
}

/** A report, and what has happened since a position, from one statement. */
export interface ReportReading<Value> {
  /** The report, and the position that it reflects. */
  readonly report: { readonly position: number; readonly hash: string; readonly value: Value };
  /** False if the requested position is not part of this log. */
  readonly continues: boolean;
  /** Whether a row of the source changed after the position: otherwise the report is still the same. */
  readonly isChanged: boolean;
}

/** @param after undefined: there is no earlier report, so this one counts as changed */
export async function readLiveReport<Value, Source extends LastChange>(
  source: ReadSource,
  live: LiveReport<Value, Source>,
  scope: string | undefined,
  after: Position | undefined,
): Promise<ReportReading<Value>> {
  const changed = isListChanged(live.source, scope, after);
  const { position, rows, ...since } = await readSelected<object>(source, live.select(scope), after, changed);
  return { ...since, report: { position: position.point, hash: position.hash, value: live.fromRows(rows ?? []) } };
}

async function readSelected<Row>(
  { database }: ReadSource,
  select: Sql,
  known: Position | undefined,
  changed: Sql,
): Promise<Selected<Row>> {
  const selected = await database.query<Selected<Row>>(sql`
    WITH c AS MATERIALIZED (${liveCheckpoint})
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(known)} AS continues, ${changed} AS "isChanged",
      (SELECT jsonb_agg(to_jsonb(r)) FROM (${select}) r) AS rows
    FROM c`);
  return firstOf(selected);
}
