import { formatPosition } from '../../src/event-store/position.ts';
import { onDatabase } from '../support/on-database.ts';
import type { Logged } from './history.ts';

/** Reads the log after a point with its own statement, independent of the program. */
export async function readLog(database: string, after = 0): Promise<Logged[]> {
  return onDatabase(database, async client => {
    const { rows } = await client.query<Logged & { point: string; hash: string }>(
      `SELECT position AS point, encode(substr(hash, 1, 6), 'hex') AS hash, stream_type AS "streamType",
        stream_id AS "streamId", version, type, metadata->'actor' AS actor
      FROM events WHERE position > $1 ORDER BY position`,
      [after],
    );
    return rows.map(({ point, hash, streamType, streamId, version, type, actor }) => {
      const position = formatPosition({ point: Number(point), hash });
      return { position, streamType, streamId, version, type, actor };
    });
  });
}
