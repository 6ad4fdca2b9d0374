import type { Database } from '../database/database.ts';
import { readCheckpoint } from '../projections/checkpoint.ts';

/** How long views may take to follow, ms. */
const patience = 15_000;

/** @returns whether the views have come to a point of the log, after that time at most */
export async function awaitViews(database: Database, point: number): Promise<boolean> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
    if ((await readCheckpoint(database)).position.point >= point) return true;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return false;
}
