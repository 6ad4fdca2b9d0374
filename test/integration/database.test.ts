import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { onDatabase } from '../support/on-database.ts';
import { freshDatabase } from '../support/postgres.ts';
import { openGate } from '../support/statements.ts';

/** On a server and a database with another time zone, which must have no effect. */
async function onPostgres(): Promise<OpenDatabase> {
  const fresh = await freshDatabase();
  await onDatabase(fresh.url, client =>
    client.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Kolkata'); END $$`,
    ),
  );
  const url = new URL(fresh.url);
  url.searchParams.set('options', '-c timezone=America/New_York -c geqo=off');
  const open = await openDatabase({ databaseUrl: url.href, dataDir: '' });
  return {
    ...open,
    close: async () => {
      await open.close();
      await fresh.drop();
    },
  };
}

async function embedded(): Promise<OpenDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderstream-database-'));
  const open = await openDatabase({ databaseUrl: undefined, dataDir });
  return {
    ...open,
    close: async () => {
      await open.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['PostgreSQL', onPostgres],
  ['the embedded database', embedded],
])('%s', (_, openIt) => {
  let open: OpenDatabase;
  let database: Database;
  beforeAll(async () => {
    open = await openIt();
    ({ database } = open);
  });
  afterAll(() => open.close());

  test('returns each type that we read as the same JavaScript value', async () => {
    const [row] = await database.query<object>(sql`SELECT
      9007199254740993::bigint AS big, 1099511627776::bigint::float8 AS point, 5::int AS number, true AS yes,
      '{"list": [1, null, "ä"]}'::jsonb AS json, '\\x00ff'::bytea AS bytes, ARRAY['a', 'b,"c', NULL] AS texts,
      '2026-11-21T23:59:59.123Z'::timestamptz AS at, '00000000-0000-5000-8000-00000000000a'::uuid AS id, NULL::text AS none`);
    expect(row).toEqual({
      big: 9007199254740993n,
      point: 1_099_511_627_776,
      number: 5,
      yes: true,
      json: { list: [1, null, 'ä'] },
      bytes: new Uint8Array([0, 255]),
      texts: ['a', 'b,"c', null],
      at: new Date('2026-11-21T23:59:59.123Z'),
      id: '00000000-0000-5000-8000-00000000000a',
      none: null,
    });
  });

  test('accepts parameters of each type that we send', async () => {
    const json = JSON.stringify([{ text: 'a "quoted" \\ ä', list: [] }]);
    const texts = ['plain', 'with, comma', '{"brace"}', ''];
    const at = '2026-11-21T23:59:59.123Z';
    const rows = await database.query(sql`SELECT ${json}::jsonb = jsonb_build_array(
        jsonb_build_object('text', 'a "quoted" \\ ä', 'list', '[]'::jsonb)) AS json,
      array_length(${texts}::text[], 1) AS texts, '{"brace"}' = ANY (${texts}::text[]) AS found,
      'x' = ANY (${[]}::text[]) AS "inNone", ${new Uint8Array([0, 255])}::bytea = '\\x00ff' AS bytes,
      ${at}::timestamptz = '2026-11-21 23:59:59.123+00' AS text, ${new Date(at)}::timestamptz = ${at}::timestamptz AS date,
      ${2 ** 40}::bigint = 1099511627776 AS number, ${2n ** 62n}::bigint = 4611686018427387904 AS big`);
    const yes = { json: true, found: true, bytes: true, text: true, date: true, number: true, big: true };
    expect(rows).toEqual([{ ...yes, texts: 4, inNone: false }]);
  });

  test('works in UTC, whatever time zone it is set to', async () => {
    expect(await database.query(sql`SELECT current_setting('timezone') AS zone`)).toEqual([{ zone: 'UTC' }]);
    const { createdAt } = await database.models.customerKey.create({
      data: { customerId: 'cus_zone', key: new Uint8Array(32) },
    });
    expect(Math.abs(createdAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('completes its statements in flight when it is closed', async () => {
    const gate = openGate();
    const slow = database.models.$transaction(async inside => {
      await inside.$executeRaw`INSERT INTO customer_keys VALUES ('cus_slow', '\\x00')`;
      void gate.pass();
      await new Promise(resolve => setTimeout(resolve, 200));
      return inside.customerKey.count({ where: { customerId: 'cus_slow' } });
    });
    await gate.arrived;
    await open.close();
    expect(await slow).toBe(1);
  });
});
