import type { Database } from '../database/database.ts';
import { readCheckpoint } from '../projections/checkpoint.ts';

/** Maximum time that the views may take, ms. */
const timeoutMs = 15_000;

/** Waits until the views have reached a point of the log. @returns false after the timeout */
export async function awaitViews(database: Database, point: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
    if ((await readCheckpoint(database)).position.point >= point) return true;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return false;
}
