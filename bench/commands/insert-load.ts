// The best case of a store without batching: one prepared INSERT for each event, each in its own commit, over as many
// connections as help. It reads no head and no version and makes no hash; PostgreSQL itself lets commits share a
// sync.
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { newCommandId } from '../../src/ids.ts';
import { closedLoop, type Rate } from '../closed-loop.ts';
import { doJobs } from '../worker.ts';
import { itemAdded, type LogJob, streamOf, streams } from './log-job.ts';

const text = `
  INSERT INTO events (position, hash, stream_type, stream_id, version, command_id, ordinal, command_hash, type,
    schema_version, data, personal, metadata, occurred_at, recorded_at)
  VALUES ($1, $2, 'order', $3, $4, $5, 1, $6, $7, 1, $8, NULL, $9, $10, now())`;

const orders = Array.from({ length: streams }, () => ({ streamId: `ord_${randomUUID()}`, version: 0 }));
let position = 0;
let clients: pg.Client[] | undefined;

doJobs<LogJob, Rate>(async ({ databaseUrl, callers, seconds }) => {
  const open = (clients ??= await connect(databaseUrl, callers));
  return closedLoop(callers, seconds, async (caller, n) => {
    const order = streamOf(orders, callers, caller, n);
    const { type, data, metadata } = itemAdded();
    await open[caller]?.query({
      name: 'insert',
      text,
      values: [
        ++position,
        randomBytes(32),
        order.streamId,
        ++order.version,
        newCommandId(),
        randomBytes(32),
        type,
        data,
        metadata,
        new Date(),
      ],
    });
  });
});

function connect(connectionString: string, connections: number): Promise<pg.Client[]> {
  const connected = Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    return client;
  });
  return Promise.all(connected);
}
