import pg from 'pg';
import { expect, test } from 'vitest';
import { measurePool } from '../../src/database/pool-use.ts';
import { eventually } from '../support/eventually.ts';
import { noteOpen } from '../support/left-open.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();

test('a pool reports who uses its connections, who waits, and how long they have waited', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const note = noteOpen('pool', () => pool.end());
  const use = measurePool('query', pool, 2);
  expect(use()).toEqual({ pool: 'query', maximum: 2, open: 0, idle: 0, waiting: 0, waits: 0, waitSeconds: 0 });

  const held = [await pool.connect(), await pool.connect()];
  const late = [pool.query('SELECT 1'), pool.connect()] as const;
  await eventually(() => expect(use()).toMatchObject({ open: 2, idle: 0, waiting: 2, waits: 2, waitSeconds: 0 }));
  await new Promise(resolve => setTimeout(resolve, 100));
  for (const client of held) client.release();
  await late[0];
  (await late[1]).release();
  expect(use()).toMatchObject({ open: 2, idle: 2, waiting: 0, waits: 2 });
  expect(use().waitSeconds).toBeGreaterThan(0.15); // two of them, 0.1 s each

  await pool.query('SELECT 1');
  expect(use().waits).toBe(2); // there was a connection
  note.closed();
  await pool.end();
});
