import { randomBytes, randomUUID } from 'node:crypto';
import type * as DatabasePart from '../../src/database/database.ts';
import type { AppendRequest, StreamVersion } from '../../src/event-store/append-events.ts';
import type * as Appender from '../../src/event-store/appender.ts';
import { newCommandId } from '../../src/ids.ts';
import { built } from '../built.ts';
import { closedLoop, type Rate } from '../closed-loop.ts';
import { doJobs } from '../worker.ts';
import { itemAdded, type LogJob, streamOf, streams } from './log-job.ts';

const { openDatabase } = await built<typeof DatabasePart>('database/database.js');
const { openAppender } = await built<typeof Appender>('event-store/appender.js');

interface Log {
  readonly append: Appender.Append;
  /**
   * Versions of the streams, and of the product streams that the requests depend on, as an added item depends on its
   * product.
   */
  readonly orders: { now: StreamVersion }[];
  readonly products: readonly StreamVersion[];
}

let log: Log | undefined;

doJobs<LogJob, Rate>(async ({ databaseUrl, callers, seconds }) => {
  const { append, orders, products } = (log ??= await open(databaseUrl));
  return closedLoop(callers, seconds, async (caller, n) => {
    const order = streamOf(orders, callers, caller, n);
    order.now = await appended(append, order.now, products.slice(n % products.length, (n % products.length) + 1));
  });
});

async function open(databaseUrl: string): Promise<Log> {
  const { database } = await openDatabase({ databaseUrl, dataDir: '' });
  const append = openAppender(database, () => undefined);
  const products = await Promise.all(
    Array.from({ length: 20 }, () => appended(append, newStream('product', 'prd'), [])),
  );
  return { append, products, orders: Array.from({ length: streams }, () => ({ now: newStream('order', 'ord') })) };
}

/** Appends one event. @returns the stream's new version */
async function appended(
  append: Appender.Append,
  stream: StreamVersion,
  reads: readonly StreamVersion[],
): Promise<StreamVersion> {
  const { type, data, metadata } = itemAdded();
  const request: AppendRequest = {
    ...stream,
    reads,
    commandId: newCommandId(),
    commandHash: randomBytes(32).toString('hex'),
    metadata,
    occurredAt: new Date().toISOString(),
    events: [{ type, schemaVersion: 1, data, personal: null }],
  };
  const outcome = await append(request, performance.now() + 10_000);
  if (outcome.outcome !== 'appended') throw new Error(`not appended but ${outcome.outcome}`);
  return { ...stream, version: outcome.version, hash: outcome.hash };
}

function newStream(streamType: string, kind: string): StreamVersion {
  return { streamType, streamId: `${kind}_${randomUUID()}`, version: 0, hash: null };
}
