import pg from 'pg';
import { noteOpen } from './left-open.ts';

/**
 * Keeps the views of a database where they are, projector or not: what would move them waits for a lock.
 * @returns lets them go on; a projector gives up waiting, and tries again, after 10 s
 */
export async function stallViews(databaseUrl: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // where the database is dropped under it
  await client.connect();
  const note = noteOpen('stalled views', () => client.end());
  await client.query('BEGIN; SELECT FROM checkpoints FOR UPDATE');
  return async () => {
    await client.end();
    note.closed();
  };
}
