import { onDatabase } from '../../test/support/on-database.ts';
import type { Logged } from './count.ts';

/** Reads the events of orders after a position from the log itself, with positions in the API's format. */
export function readLog(database: string, after: string): Promise<Logged[]> {
  return onDatabase(database, async client => {
    const { rows } = await client.query<Logged>(
      `SELECT lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position,
         stream_id AS "orderId", version
       FROM events WHERE stream_type = 'order' ORDER BY events.position`,
    );
    return rows.filter(({ position }) => position > after);
  });
}
