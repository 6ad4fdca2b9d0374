import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { newCommandId, newId } from '../ids.ts';
import { readParked } from '../projections/parking.ts';
import { projectionEvents, retryEvent, type StreamName } from '../projections/retry-event.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';
import { awaitViews } from './await-views.ts';

/** How long the append may take, ms. */
const appendTime = 15_000;

/** `orderstream parked`: the streams that can't be folded, and why. @returns whether there are none */
export async function printParked(database: Database): Promise<boolean> {
  const parked = await readParked(database);
  for (const { streamId, version, position, attempts, triedAt, error } of parked) {
    console.log(
      `${streamId} before version ${version} (event ${position}), tried ${counted(attempts, 'time')}, last at ${triedAt}: ${error}`,
    );
  }
  if (parked.length === 0) console.log('no stream is parked');
  return parked.length === 0;
}

/**
 * `orderstream retry all` or `retry STREAM`: has the projector try parked streams again, and waits until it has.
 * @param embedded nobody else projects then
 * @returns whether none of them is parked any more
 * @throws StartError where no such stream is parked
 */
export async function retry(database: Database, embedded: boolean, which: string): Promise<boolean> {
  const parked = (await readParked(database)).filter(({ streamId }) => which === 'all' || streamId === which);
  if (parked.length === 0 && which !== 'all') throw new StartError(`${which} is not parked: nothing was tried`);
  const store = openEventStore(database, types, () => undefined);
  let position = 0;
  for (const stream of parked) position = await appendRetry(store, stream);
  if (embedded) await catchUp(database, store, views);
  if (!(await awaitViews(database, position))) {
    console.log('asked for, but no projector has come that far: start one');
    return false;
  }
  const asked = new Set(parked.map(({ streamId }) => streamId));
  const left = (await readParked(database)).filter(({ streamId }) => asked.has(streamId));
  for (const { streamId, error } of left) console.log(`${streamId}: ${error}`);
  console.log(
    `${counted(asked.size, 'stream')} tried again: ${left.length === 0 ? 'all go on' : `${counted(left.length)} still parked`}`,
  );
  return left.length === 0;
}

/** One stream an event: there is nothing that two of them could disagree on. @returns the event's position */
export async function appendRetry(
  store: Pick<ReturnType<typeof openEventStore>, 'append'>,
  { streamType, streamId }: StreamName,
): Promise<number> {
  const event = retryEvent({ streamType, streamId });
  const outcome = await store.append(
    {
      streamType: projectionEvents.streamType,
      streamId: newId('prj'),
      version: 0,
      hash: null,
      commandId: newCommandId(),
      commandHash: createHash('sha256').update(JSON.stringify(event)).digest('hex'),
      reads: [],
      metadata: { actor: { role: 'staff', subject: 'operator' }, correlationId: randomUUID() },
      occurredAt: new Date().toISOString(),
      events: [event],
    },
    performance.now() + appendTime,
  );
  if (outcome.outcome !== 'appended' && outcome.outcome !== 'replayed')
    throw new Error(`a new stream is in ${outcome.outcome}`);
  return outcome.position;
}
