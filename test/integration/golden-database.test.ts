// The golden logs in a database: an older release's data is read, verified, projected and continued.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHandleCommand } from '../../src/commands/handle-command.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { openEventStore } from '../../src/event-store/event-store.ts';
import { formatPosition } from '../../src/event-store/position.ts';
import { verifyLog } from '../../src/event-store/verify-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { types, views } from '../../src/slices.ts';
import { ask, type EventRow, type Expected, type Life, readJson, readLives, recordedEvents } from '../golden/golden.ts';
import { onDatabase } from '../support/on-database.ts';
import { viewRows } from '../support/plain-fold.ts';
import { useDatabase } from '../support/use-database.ts';

const lives = [...(await readLives())];

describe.each(lives)('the log of the life "%s"', (name, life) => {
  const real = useDatabase();
  let open: OpenDatabase;
  beforeAll(async () => {
    await restore(real.url, life);
    open = await openDatabase({ databaseUrl: real.url, dataDir: '' });
  });
  afterAll(async () => {
    await open.close();
  });

  test('is valid: its hashes cover the stored data, as they did', async () => {
    expect(await verifyLog(open.database, 0, life.rows.length)).toEqual([]);
  });

  test('has hashes that no setting of a session changes', async () => {
    const hashes = await onDatabase(real.url, async client => {
      await client.query(`SET timezone = 'Asia/Kathmandu'; SET datestyle = 'German, DMY'; SET bytea_output = 'escape';
        SET extra_float_digits = -15; SET intervalstyle = 'sql_standard'; SET search_path = pg_temp, public`);
      const { rows } = await client.query<{ hash: string }>(`
        SELECT encode(event_hash(lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER log, e), 'hex') AS hash
        FROM public.events e WINDOW log AS (ORDER BY e.position) ORDER BY e.position`);
      return rows.map(({ hash }) => hash);
    });
    expect(hashes).toEqual(life.rows.map(({ hash }) => hash.slice(2)));
  });

  test('is read with the same content as its files', async () => {
    const store = openEventStore(open.database, types, () => undefined);
    expect(await store.readLog(0, 1_000)).toEqual(recordedEvents(life.rows, life.keys));
  });

  test('is projected to the expected rows', async () => {
    const { database } = open;
    const store = openEventStore(database, types, () => undefined);
    const events = recordedEvents(life.rows, life.keys);
    expect(await projectBatch({ database, store, views }, await readCheckpoint(database), events)).toBe(true);
    const { whole } = await readJson<Expected>(`expected/lives/${name}.json`);
    for (const view of [...views.folded, ...views.derived]) {
      const rows = await viewRows(open.database, view.name, view.key);
      const expected = Object.values(whole).flatMap(({ rows }) => rows[view.name] ?? []);
      const byId = expected.map(row => [(row as Record<string, unknown>)[view.key], row]);
      expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(byId));
    }
  });

  test('answers a repeat of each of its commands as accepted, and stores nothing', async () => {
    const handle = openHandleCommand(openEventStore(open.database, types, () => undefined));
    for (const [index, last] of lastOfCommands(life.rows).entries()) {
      expect(await ask(handle, life.asked[index]!)).toMatchObject({
        version: last.version,
        position: formatPosition({ point: last.position, hash: last.hash.slice(2, 14) }),
      });
    }
    expect(await open.database.models.event.count()).toBe(life.rows.length);
  });

  test('continues: the next event is chained to the last one', async () => {
    const handle = openHandleCommand(openEventStore(open.database, types, () => undefined));
    const { stream_id: customerId } = life.rows.findLast(({ type }) => type === 'CustomerRegistered')!;
    const input = { customerId, name: 'Somebody Else', idempotencyKey: 'goes-on' };
    const anna = { role: 'staff', subject: 'anna' } as const;
    const answer = await ask(handle, { at: '2026-11-22T09:00:00Z', as: anna, mutation: 'renameCustomer', input });
    expect(answer).toMatchObject({ __typename: 'CustomerCommandPayload' });
    expect(await verifyLog(open.database, 0, life.rows.length + 1)).toEqual([]);
    expect(await open.database.models.event.count()).toBe(life.rows.length + 1);
  });
});

describe('the number of an order', () => {
  const real = useDatabase();

  test('is derived from its position in the log as it always was', async () => {
    const { publicNumbers } = await readJson<{ publicNumbers: { point: number; number: string }[] }>(
      'frozen/names.json',
    );
    const given = lives.flatMap(([, { rows }]) =>
      rows.flatMap(({ position, data }) => ('number' in data ? [{ point: position, number: data.number }] : [])),
    );
    expect(given.length).toBeGreaterThan(0);
    for (const { point, number } of [...publicNumbers, ...given]) {
      const { rows } = await onDatabase(real.url, client =>
        client.query('SELECT public_number($1) AS number', [point]),
      );
      expect(rows, `of ${point}`).toEqual([{ number }]);
    }
  });
});

/** A backup of the older release. */
async function restore(url: string, { rows, keys }: Life): Promise<void> {
  await onDatabase(url, async client => {
    await client.query('INSERT INTO events SELECT * FROM jsonb_populate_recordset(NULL::events, $1)', [
      JSON.stringify(rows),
    ]);
    await client.query(
      `INSERT INTO customer_keys (customer_id, key) SELECT k.key, decode(k.value, 'base64') FROM jsonb_each_text($1) k`,
      [JSON.stringify(keys)],
    );
  });
}

/** The last event of each command, in the order of the log. */
function lastOfCommands(rows: readonly EventRow[]): EventRow[] {
  return rows.filter((row, index) => rows[index + 1]?.command_id !== row.command_id);
}
