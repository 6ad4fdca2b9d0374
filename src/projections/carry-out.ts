import { hasEventAt } from '../event-store/is-of-this-log.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import { foldAgain } from './fold-again.ts';
import { noChanges } from './fold-batch.ts';
import { startRequested } from './generations.ts';
import type { Projection } from './projection-context.ts';
import type { ProjectionAct } from './projection-events.ts';
import { coreGroup } from './view-sql.ts';
import { reached, standsAt, writeRows } from './write-rows.ts';

/**
 * Carries out what an operator's event asks for, and moves the checkpoint past the event, in one statement. So it is
 * carried out exactly once in a generation, like the fold of any other event.
 * @returns whether the checkpoint moved
 */
export function carryOut(
  projection: Projection,
  from: Checkpoint,
  event: RecordedEvent,
  act: ProjectionAct,
): Promise<boolean> {
  const { database } = projection;
  const to = { point: event.position, hash: event.hash };
  switch (act.type) {
    case 'StreamRetried':
      return foldAgain(projection, from, event, { stream: act.stream, fromStart: false });
    case 'StreamEventSkipped':
      return foldAgain(projection, from, event, { stream: act.stream, fromStart: true });
    case 'RebuildRequested':
      // Only the live generation starts a rebuild. A generation that is being rebuilt folds old requests.
      return writeRows(database, from, to, noChanges, from.live ? [startRequested(event.position)] : []);
    case 'RebuildAbandoned':
      return from.live ? abandonAt(projection, from, to) : writeRows(database, from, to, noChanges);
  }
}

/**
 * Abandons the rebuild. Its checkpoint is locked first, then the live one, in the same order as when a rebuild is
 * switched to live. Otherwise both could wait for each other (a deadlock).
 */
function abandonAt(
  { database }: Projection,
  from: Checkpoint,
  to: { readonly point: number; readonly hash: string },
): Promise<boolean> {
  const moving = sql`started AS MATERIALIZED (
      SELECT generation FROM checkpoints WHERE group_name = ${coreGroup} AND NOT live AND NOT retired FOR UPDATE
    ), moved AS (
      UPDATE checkpoints SET ${reached(to)}
      WHERE ${standsAt(from)} AND ${hasEventAt(to)} AND (SELECT count(*) FROM started) >= 0 RETURNING 1
    )`;
  const abandon = sql`
    UPDATE checkpoints c SET retired = true FROM started
    WHERE EXISTS (SELECT FROM moved) AND c.group_name = ${coreGroup} AND c.generation = started.generation`;
  return writeRows(database, from, to, noChanges, [abandon], moving);
}
