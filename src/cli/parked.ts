import { randomUUID } from 'node:crypto';
import { openCommandBus } from '../commands/command-bus.ts';
import type { Actor } from '../commands/decider.ts';
import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { formatPosition } from '../event-store/position.ts';
import { newCommandId } from '../ids.ts';
import { appendRetry } from '../operator/append-retry.ts';
import { operatedStreamId } from '../operator/operated-stream.ts';
import { skipStreamEvent } from '../operator/projection-commands.ts';
import { projectionDecider } from '../operator/projection-decider.ts';
import { hashOfCommand } from '../commands/command-hash.ts';
import { readParked, type ParkedStream } from '../projections/park-stream.ts';
import { commandDeciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { awaitViews } from './await-views.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';
import type { Report } from './report.ts';

/** `orderstream parked`: the streams that cannot be folded, with their errors. It is ok if there are none. */
export async function listParked(database: Database): Promise<Report> {
  const parked = await readParked(database);
  return {
    ok: parked.length === 0,
    lines: parked.length === 0 ? ['no stream is parked'] : parked.map(lineOf),
    value: { streams: parked.map(valueOf) },
  };
}

function lineOf({ streamId, version, position, attempts, triedAt, error }: ParkedStream): string {
  return `${streamId} before version ${version} (event ${position}), tried ${counted(attempts, 'time')}, last at ${triedAt}: ${error}`;
}

function valueOf({ streamType, streamId, version, position, attempts, triedAt, error }: ParkedStream) {
  return { streamType, streamId, version, event: position, attempts, triedAt, error };
}

/**
 * `orderstream retry all` or `retry STREAM`: makes the projector retry parked streams, and waits for the result. It is
 * ok if none of them is parked any more.
 * @param embedded true: no projector runs, so this command folds the views itself
 * @throws StartError if no such stream is parked
 */
export async function retry(database: Database, embedded: boolean, which: string, actor?: Actor): Promise<Report> {
  const parked = (await readParked(database)).filter(({ streamId }) => which === 'all' || streamId === which);
  if (parked.length === 0 && which !== 'all') throw new StartError(`${which} is not parked: nothing was retried`);
  const store = openEventStore(database, types, () => undefined);
  let position = 0;
  for (const stream of parked) position = await appendRetry(store, stream, actor);
  if (embedded) await catchUp(database, store, views);
  const retried = parked.map(({ streamId }) => streamId);
  const left = (await awaitViews(database, position)) ? await stillParked(database, retried) : undefined;
  if (left === undefined) {
    return {
      ok: false,
      lines: ['the retry is stored, but no projector has reached it: start a server'],
      value: { retried, reached: false, parked: [] },
    };
  }
  const result = left.length === 0 ? 'all continue' : `${counted(left.length)} still parked`;
  return {
    ok: left.length === 0,
    lines: [
      ...left.map(({ streamId, error }) => `${streamId}: ${error}`),
      `${counted(retried.length, 'stream')} retried: ${result}`,
    ],
    value: { retried, reached: true, parked: left.map(valueOf) },
  };
}

/**
 * `orderstream skip STREAM`: leaves the event that cannot be folded out of the rows of its stream for good, and waits
 * for the result. It is ok if the stream continues.
 * @param version the one that the operator means; undefined: the one before which the stream is parked
 * @throws StartError if the stream is not parked, or not before this version
 */
export async function skip(
  database: Database,
  embedded: boolean,
  { streamId, version, actor }: { streamId: string; version: number | undefined; actor: Actor },
): Promise<Report> {
  const store = openEventStore(database, types, () => undefined);
  const before = await stillParked(database, [streamId]);
  const answer = await openCommandBus(store, commandDeciders)(projectionDecider, {
    streamId: operatedStreamId(streamId),
    command: skipStreamEvent(database, streamId, version),
    commandId: newCommandId(),
    commandHash: hashOfCommand('skipParkedStream', { streamId, version }),
    actor,
    correlationId: randomUUID(),
    now: new Date(),
  });
  if (answer.type === 'rejected') throw new StartError(`${streamId}: ${answer.rejection.message}`);
  if (answer.type !== 'accepted') throw new Error(`the skip of an event of ${streamId} ended with ${answer.type}`);
  if (embedded) await catchUp(database, store, views);
  const skipped = before[0]?.version ?? version ?? 0;
  const value = { streamId, version: skipped, position: formatPosition(answer.position) };
  if (!(await awaitViews(database, answer.position.point))) {
    const line = `the skip of version ${skipped} is stored, but no projector has reached it: start a server`;
    return { ok: false, lines: [line], value: { ...value, reached: false, parked: [] } };
  }
  const left = await stillParked(database, [streamId]);
  const result = left.length === 0 ? 'the stream continues' : `the stream is parked again: ${left.map(lineOf).join()}`;
  return {
    ok: left.length === 0,
    lines: [`version ${skipped} of ${streamId} is skipped: ${result}`],
    value: { ...value, reached: true, parked: left.map(valueOf) },
  };
}

async function stillParked(database: Database, streamIds: readonly string[]): Promise<ParkedStream[]> {
  return (await readParked(database)).filter(({ streamId }) => streamIds.includes(streamId));
}
