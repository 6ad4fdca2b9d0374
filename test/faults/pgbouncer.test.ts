// Two processes behind PgBouncer in transaction mode: each transaction may get another session of a few.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timeLimitsMs } from '../../src/database/session-settings.ts';
import { CreateOrderDocument, OrderDocument, OrdersDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, spawnRefusedApp, type SpawnedApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { type EventStream, openEventStream } from '../support/event-stream.ts';
import { databaseUrl, onDatabase } from '../support/on-database.ts';
import { describeWithPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { post } from '../support/post.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { servingRole } from '../support/serving-role.ts';
import { openShop, type Shop } from '../support/shop.ts';

const reads = 10_000;
const commands = 1_000;
/** Sessions of the server that all connections of both processes share; each process has 17 connections. */
const sessions = 4;
const pooler = { DATABASE_POOLER: 'transaction' };

describeWithPgBouncer('behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let serving: Awaited<ReturnType<typeof servingRole>>;
  let bouncer: PgBouncer;
  /** Of the serving role, by the pooler. */
  let url: string;

  beforeAll(async () => {
    database = await freshDatabase();
    serving = await servingRole(database.url);
    bouncer = await startPgBouncer(database.url, [userOf(serving.url), userOf(database.url)], {
      default_pool_size: `${sessions}`,
      admin_users: userOf(database.url),
    });
    url = bouncer.through(serving.url);
  });
  afterAll(async () => {
    await bouncer.stop();
    await serving.drop();
    await database.drop();
  });

  test('without DATABASE_POOLER, a start and a migration are refused with the name of the setting', async () => {
    const { code, stderr } = await spawnRefusedApp({ DATABASE_URL: url });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^DATABASE_URL: \S+ rejects the settings of a session \([^\n]+\): set DATABASE_POOLER=transaction [^\n]+\n$/,
      ),
    });
    const migrated = await runCli('migrate', [], { DATABASE_URL: bouncer.through(database.url) });
    expect(migrated).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^DATABASE_MIGRATE_URL: \S+ rejects the settings of a session [^\n]+: set it to the address of the server itself\n$/,
      ),
    });
  });

  test('a start is refused, with the name of the setting, if the role does not have the settings that sessions need', async () => {
    const { code, stderr } = await spawnRefusedApp({ DATABASE_URL: url, ...pooler });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^DATABASE_URL: sessions of its user do not have the setting \S+ = [^\n]+: run npm run db:migrate with DATABASE_POOLER=transaction, [^\n]+\n$/,
      ),
    });
  });

  test(`${reads} reads and ${commands} commands have no error, every subscriber gets each event once, and the log verifies`, async () => {
    // The pooler has a session that it opened before the role had the settings, as in docs/operating/database.md.
    expect(await migrateDirectly()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/, then have the pooler connect again\n$/),
    });
    await onDatabase(bouncer.through(databaseUrl(database.url, 'pgbouncer')), client => client.query('RECONNECT'));
    expect(await migrateDirectly()).toMatchObject({ code: 0, stderr: '' });

    const env = { DATABASE_URL: url, ...pooler, LIMIT_CUSTOMER_RATE: '1000000', LIMIT_STAFF_RATE: '1000000' };
    const apps = await Promise.all([spawnApp(env), spawnApp(env)]);
    const shop = await openShop(apps[0].url);
    const feed = 'subscription { eventsAppended { position } }';
    const streams = await Promise.all(apps.map(app => openEventStream(app.url, feed, {}, { token: shop.staff })));

    const ids = await createOrders(apps, shop);
    expect(new Set(ids).size).toBe(commands);
    expect(await readErrors(apps, shop, ids)).toEqual([]);
    expect(await sessionsOf(userOf(serving.url))).toBeLessThanOrEqual(sessions);
    const [last] = await query<{ last: number }>('SELECT max(position)::int AS last FROM events');
    const expected = Array.from({ length: last!.last }, (_, index) => index + 1);
    for (const stream of streams) {
      expect(await pointsOf(stream, last!.last)).toEqual(expected);
      stream.close();
    }
    expect(await Promise.all(apps.map(app => app.stop()))).toEqual([0, 0]);
    expect(apps.map(app => app.stderr())).toEqual(['', '']);
    const verified = await runCli('orderstream', ['verify'], { DATABASE_URL: url, ...pooler });
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
  });

  test('without DATABASE_POOLER, a start is refused too if the pooler drops the settings and the role has them', async () => {
    await migrateDirectly();
    const dropped = ['options', ...Object.keys(timeLimitsMs)].join(',');
    const dropping = await startPgBouncer(database.url, [userOf(serving.url)], { ignore_startup_parameters: dropped });
    const { code, stderr } = await spawnRefusedApp({ DATABASE_URL: dropping.through(serving.url) });
    // Of the sessions for look-ups: those would get another session's plans, and find no prepared statement.
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^DATABASE_URL: a connection pooler does not pass the session setting enable_seqscan = off on to the server: set DATABASE_POOLER=transaction if it is a pooler, [^\n]+\n$/,
      ),
    });
    await dropping.stop();
  });

  /** With the owner's own connection, and the serving one by the pooler. */
  function migrateDirectly() {
    return runCli('migrate', [], { DATABASE_MIGRATE_URL: database.url, DATABASE_URL: url, ...pooler });
  }

  async function sessionsOf(user: string): Promise<number> {
    const asked = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1';
    return (await query<{ count: number }>(asked, [user]))[0]!.count;
  }

  function query<Row extends object>(statement: string, values: readonly string[] = []): Promise<Row[]> {
    return onDatabase(database.url, async client => (await client.query<Row>(statement, [...values])).rows);
  }
});

/** The numbers of the events that a feed sends, up to the one with this number. */
async function pointsOf(stream: EventStream, last: number): Promise<number[]> {
  const points: number[] = [];
  while (points.at(-1) !== last) {
    const { data } = await stream.next<{ eventsAppended: { position: string } }>();
    points.push(parseInt(data!.eventsAppended.position.split('-')[0]!, 16));
  }
  return points;
}

/** Sends the commands to all nodes, 16 at a time. @returns the ids of the orders */
async function createOrders(apps: readonly SpawnedApp[], shop: Shop): Promise<string[]> {
  const ids: string[] = [];
  await inParallel(commands, async index => {
    const input = { items: [{ productId: shop.productId, quantity: 1 + (index % 9) }], reference: `order ${index}` };
    const answer = await post(nodeOf(apps, index), CreateOrderDocument, { input }, { token: shop.customer.token });
    ids.push(accepted(answer).orderId);
  });
  return ids;
}

/** Reads single orders, pages and searches. @returns what was wrong with the answers */
async function readErrors(apps: readonly SpawnedApp[], shop: Shop, ids: readonly string[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  const token = shop.staff;
  await inParallel(reads, async index => {
    const node = nodeOf(apps, index);
    const id = ids[index % ids.length]!;
    if (index % 10 === 0) {
      const { data, errors: found } = await post(node, OrdersDocument, { first: 5 }, { token });
      if (found ?? data?.orders?.edges.length !== 5) errors.push(found ?? data);
    } else if (index % 10 === 1) {
      const search = `{ orders(filter: {search: "order ${index % ids.length}"}, first: 1) { edges { node { id } } } }`;
      const { errors: found } = await post(node, search, {}, { token });
      if (found) errors.push(found);
    } else {
      const { data, errors: found } = await post(node, OrderDocument, { id }, { token });
      if (found ?? data?.order?.id !== id) errors.push(found ?? data);
    }
  });
  return errors;
}

/** Runs the task for 0 to `count` - 1, 16 at a time. */
async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await task(index);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

function nodeOf(apps: readonly SpawnedApp[], index: number): string {
  return apps[index % apps.length]!.url;
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
