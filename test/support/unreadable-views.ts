import { eventually } from './eventually.ts';
import { noteOpen } from './left-open.ts';
import { connected } from './on-database.ts';

/** Tables that no statement can read, until they are released. */
export interface UnreadableViews {
  /** Ends the connections of statements that wait for the tables, until as many have been ended. */
  readonly endReads: (count: number) => Promise<void>;
  readonly release: () => Promise<void>;
}

const endWaiting = `
  SELECT pg_terminate_backend(pid)
  FROM pg_locks
  WHERE NOT granted AND relation = ANY ($1::regclass[])`;

/** Locks tables, so that their readers wait, and fail when their connections are ended. */
export async function lockViews(databaseUrl: string, tables: readonly string[]): Promise<UnreadableViews> {
  const [holder, killer] = await Promise.all([connected(databaseUrl), connected(databaseUrl)]);
  const note = noteOpen('locked views', async () => {
    await Promise.all([holder.end(), killer.end()]);
  });
  await holder.query(`BEGIN; LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  return {
    endReads: async count => {
      let ended = 0;
      await eventually(async () => {
        ended += (await killer.query(endWaiting, [tables])).rowCount ?? 0;
        if (ended < count) throw new Error(`${ended} of ${count} reads were ended`);
      }, 60_000);
    },
    release: async () => {
      await Promise.all([holder.end(), killer.end()]);
      note.closed();
    },
  };
}
