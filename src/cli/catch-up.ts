import type { Database } from '../database/database.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { readHead } from '../event-store/read-log.ts';
import { readCheckpoint } from '../projections/checkpoint.ts';
import { projectNext } from '../projections/project-next.ts';
import type { Views } from '../projections/view.ts';

const batchSize = 1_000;

/**
 * Folds the events that the log has now into the views. For an embedded database, which has no projector while no
 * server runs.
 */
export async function catchUp(database: Database, store: EventStore, views: Views): Promise<void> {
  const { point: head } = await readHead(database);
  for (let checkpoint = await readCheckpoint(database); checkpoint.position.point < head; ) {
    const moved = await projectNext({ database, store, views }, checkpoint, batchSize);
    checkpoint = moved ?? (await readCheckpoint(database));
  }
}
