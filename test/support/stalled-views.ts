import { noteOpen } from './left-open.ts';
import { connected } from './on-database.ts';

/**
 * Stops the views of a database at their position, with or without a projector: a statement that would move them
 * waits for a lock.
 * @returns releases the lock; a projector stops waiting, and tries again, after 10 s
 */
export async function stallViews(databaseUrl: string): Promise<() => Promise<void>> {
  const client = await connected(databaseUrl);
  const note = noteOpen('stalled views', () => client.end());
  await client.query('BEGIN; SELECT FROM checkpoints FOR UPDATE');
  return async () => {
    await client.end();
    note.closed();
  };
}
