// Each runbook of docs/operating is tried by its own commands, on clusters of an installed PostgreSQL.
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { codesOf } from '../support/codes-of.ts';
import { eventually } from '../support/eventually.ts';
import { failingViews, projectWith } from '../support/broken-views.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import {
  type Cluster,
  commandsOf,
  openRunbookRoom,
  postgresPrograms,
  type RunbookRoom,
  urlOf,
} from '../support/runbook.ts';
import { smallDisk } from '../support/small-disk.ts';
import { openShop, registered, type Shop, type Shopper } from '../support/shop.ts';
import { addItem, createdOrder, openNode, productOnSale, registeredCustomer } from '../support/test-node.ts';
import { operatorToken } from '../support/tokens.ts';

const exec = promisify(execFile);
const needs = postgresPrograms === undefined ? ' (needs an installed PostgreSQL)' : '';

let room: RunbookRoom;
/** The variables of the page. */
let variables: Record<string, string>;

beforeEach(async () => {
  room = await openRunbookRoom();
  variables = { OWNER: 'owner', ERASURE_LIST: join(room.folder, 'records/erasures.jsonl') };
  for (const name of ['BACKUP', 'RECORDS', 'ARCHIVE']) {
    variables[name] = join(room.folder, name.toLowerCase());
    await mkdir(variables[name], { mode: 0o777 });
  }
  await exec('chmod', ['-R', 'a+rwx', room.folder]);
});
afterEach(() => room.close());

/** Runs the commands below a heading, or some of them. */
async function runbook(page: string, heading: string, ...steps: readonly number[]) {
  const commands = await commandsOf(page, heading);
  const chosen = steps.length === 0 ? commands : steps.map(step => commands[step] ?? '');
  return room.run(chosen.join('\n'), variables);
}

/** Points the commands to a database: as superuser, as owner of its tables, and as the role that serves. */
function use(cluster: Cluster, database = 'orders'): void {
  const as = (role: string) => urlOf(cluster.port, database).replace('postgres@', `${role}@`);
  Object.assign(variables, {
    ADMIN_URL: cluster.url,
    DATABASE_URL: as('serving'),
    DATABASE_MIGRATE_URL: as('owner'),
  });
}

/** A cluster in use, whose database was migrated by its owner. */
async function openShopDatabase(name: string, settings?: Readonly<Record<string, string>>): Promise<Cluster> {
  const cluster = await room.startCluster(name, settings);
  await onDatabase(cluster.url, client => client.query('CREATE ROLE owner LOGIN CREATEROLE'));
  await onDatabase(cluster.url, client => client.query('CREATE DATABASE orders OWNER owner'));
  use(cluster);
  await room.run('npm run db:migrate', variables);
  return cluster;
}

/** The file or folder in BACKUP whose name begins so: the page's commands add the time. */
async function backedUp(start: string): Promise<string> {
  const found = (await readdir(variables['BACKUP']!)).filter(name => name.startsWith(start));
  expect(found).toEqual([expect.stringMatching(/-\d{4}-\d\d-\d\d-\d{4}(?:\.|$)/)]);
  return join(variables['BACKUP']!, found[0]!);
}

const serve = (): Promise<TestApp> =>
  startApp({ DATABASE_URL: variables['DATABASE_URL'], ERASURE_LIST: variables['ERASURE_LIST'] });

async function order(app: TestApp, { productId }: Shop, { token }: Shopper, reference: string): Promise<string> {
  const input = { items: [{ productId, quantity: 1 }], reference };
  return accepted(await post(app.url, CreateOrderDocument, { input }, { token })).orderId;
}

async function erase(app: TestApp, customerId: string): Promise<void> {
  const mutation = `mutation { eraseCustomer(input: { customerId: "${customerId}" }) { __typename } }`;
  const answer = await post(app.url, mutation, {}, { token: await operatorToken() });
  expect(answer.data).toEqual({ eraseCustomer: { __typename: 'CustomerCommandPayload' } });
}

const nameOf = async (app: TestApp, { staff }: Shop, id: string): Promise<unknown> => {
  const { data } = await post<{ customer: { name: string } | null }>(
    app.url,
    `{ customer(id: "${id}") { name } }`,
    {},
    { token: staff },
  );
  return data?.customer?.name;
};

interface Checked {
  readonly lost: { readonly to: string; readonly atLeast: number; readonly atMost: number } | null;
  readonly unerased: readonly string[];
  readonly processes: readonly { readonly isReporting: boolean }[];
}

async function check(): Promise<Checked> {
  const command = 'orderstream restore-check --json --known "$RECORDS/positions.jsonl"';
  return JSON.parse((await room.attempt(command, variables)).stdout) as Checked;
}

/** The list of steps after a restore or a failover: someone was erased after the backup. */
async function afterwards(list: 'a restore' | 'a failover', shop: Shop, erased: string, kept: string): Promise<void> {
  const commands = await commandsOf('backup.md', 'After every restore and failover');
  expect(commands).toHaveLength(8);
  const [see = '', again = '', verify = '', rename = ''] = commands.slice(list === 'a restore' ? 0 : 4);
  const checked = await room.attempt(see, variables);
  expect(checked).toMatchObject({ code: 1, stdout: expect.stringMatching(/^lost: \d+(?: to \d+)? events? after /m) });
  expect(checked.stdout).toContain(`${erased} must be erased again\n`);
  // No server shows the data before that.
  await expect(serve()).rejects.toThrow(/^ERASURE_LIST: the database has the keys of 1 of its customers again/);
  expect(await room.attempt(again, variables)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(new RegExp(`^${erased} is erased at .+start a server`, 'm')),
  });
  expect(await check()).toMatchObject({ unerased: [] });

  const app = await serve();
  try {
    await eventually(async () => expect((await room.run('orderstream status', variables)).code).toBe(0), 30_000);
    expect((await room.run(verify, variables)).stdout).toMatch(/verified: all is well/);
    expect([await nameOf(app, shop, erased), await nameOf(app, shop, kept)]).toEqual(['[erased]', 'Ada Lovelace']);
  } finally {
    await app.stop();
  }
  await room.run(rename, variables);
  expect(await readdir(variables['RECORDS']!)).toEqual([
    'erasures.jsonl',
    expect.stringMatching(/^positions-until-.+\.jsonl$/),
  ]);
}

describe.skipIf(needs !== '')(`runbooks${needs}`, () => {
  test('a dump is restored: what is lost is reported, and who was erased after it is erased again', async () => {
    await openShopDatabase('primary');
    const app = await serve();
    const shop = await openShop(app.url);
    const eve = await registered(app.url, 'Eve');
    await order(app, shop, eve, 'PO of Eve');
    await runbook('backup.md', 'Record positions');
    await runbook('backup.md', 'Back up with pg_dump');
    await erase(app, eve.id);
    await order(app, shop, shop.customer, 'lost');
    await runbook('backup.md', 'Record positions');
    await app.stop();

    const other = await room.startCluster('other');
    const [DUMP, ROLES] = [await backedUp('orders-'), await backedUp('roles-')];
    const RESTORED_URL = urlOf(other.port, 'restored').replace('postgres@', 'owner@');
    Object.assign(variables, { ADMIN_URL: other.url, DUMP, ROLES, RESTORED: 'restored', RESTORED_URL });
    const [roles, create, restore, migrateAgain] = await commandsOf('backup.md', 'Restore a dump');
    for (const step of [roles, create, restore]) await room.run(step!, variables);
    use(other, 'restored');
    expect((await room.run(migrateAgain!, variables)).stdout).toBe(
      'nothing to apply: the database is up to date\nserving may read the log and append to it, but not change it\n',
    );
    const rights = await onDatabase(urlOf(other.port, 'restored'), async client => {
      const { rows } = await client.query<{ owners: string[]; open: boolean }>(`
        SELECT (SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables WHERE schemaname = 'public') AS owners,
          has_function_privilege('pg_monitor', 'erase_customer_key(text)', 'EXECUTE') AS open`);
      return rows[0];
    });
    expect(rights).toEqual({ owners: ['owner'], open: false });
    await afterwards('a restore', shop, eve.id, shop.customer.id);
  });

  test('a base backup and WAL are restored to a point in time: the erasure after that time is done again', async () => {
    const cluster = await openShopDatabase('primary');
    const [archiving = '', backup = ''] = await commandsOf('backup.md', 'Back up with a base backup and WAL');
    await room.run(archiving, variables);
    const restart = 'pg_ctl --pgdata="$DATA" --options="-p $PORT" --log="$DATA/server.log" --wait restart';
    await room.run(restart, { DATA: cluster.data, PORT: `${cluster.port}` });
    await room.run(backup, variables);
    const app = await serve();
    const shop = await openShop(app.url);
    const eve = await registered(app.url, 'Eve');
    await order(app, shop, eve, 'PO of Eve');
    await runbook('backup.md', 'Record positions');
    await sleep(1_100);
    variables['TARGET_TIME'] = await onDatabase(cluster.url, async client => {
      const { rows } = await client.query<{ now: string }>(`SELECT clock_timestamp()::text AS now`);
      return rows[0]!.now;
    });
    await sleep(1_100);
    await erase(app, eve.id);
    await order(app, shop, shop.customer, 'lost');
    await runbook('backup.md', 'Record positions');
    await app.stop();
    // As after a failure: the last WAL is not archived.
    await room.run('pg_ctl --pgdata="$DATA" --mode=immediate --wait stop', { DATA: cluster.data });

    const port = await room.freePort();
    const BASE_BACKUP = await backedUp('base-');
    Object.assign(variables, {
      BASE_BACKUP,
      OLD_DATA: cluster.data,
      DATA: join(room.folder, 'restored'),
      PORT: `${port}`,
    });
    use({ data: variables['DATA']!, port, url: urlOf(port) });
    const restoring = await commandsOf('backup.md', 'Restore to a point in time');
    await room.runAsPostgres(restoring.join('\n'), variables);
    expect(await check()).toMatchObject({ lost: { atLeast: expect.any(Number) as number } });
    await afterwards('a restore', shop, eve.id, shop.customer.id);
  });

  test('a standby that lacks the last commands is promoted: they are reported, and the process that still writes to the old primary', async () => {
    const cluster = await openShopDatabase('primary');
    const port = await room.freePort();
    const standby = { data: join(room.folder, 'standby'), port, url: urlOf(port) };
    const make = `pg_basebackup --dbname="$ADMIN_URL" --pgdata="$DATA" --checkpoint=fast --write-recovery-conf
      pg_ctl --pgdata="$DATA" --options="-p $PORT" --log="$DATA/server.log" --wait start`;
    await room.run(make, { ...variables, DATA: standby.data, PORT: `${port}` });
    const app = await serve();
    const shop = await openShop(app.url);
    const eve = await registered(app.url, 'Eve');
    await order(app, shop, eve, 'PO of Eve');
    await runbook('backup.md', 'Record positions');
    const replayed = async () => {
      const [primary, copy] = await Promise.all([cluster, standby].map(headOf));
      expect(copy).toBe(primary);
    };
    await eventually(replayed);
    // From here on the standby gets nothing: an asynchronous one may be behind at any time.
    await onDatabase(standby.url, client => client.query(`ALTER SYSTEM SET primary_conninfo = ''`));
    await onDatabase(standby.url, client => client.query('SELECT pg_reload_conf()'));
    await eventually(async () => {
      const { rowCount } = await onDatabase(cluster.url, client => client.query('SELECT FROM pg_stat_replication'));
      expect(rowCount).toBe(0);
    });
    await erase(app, eve.id);
    await order(app, shop, shop.customer, 'lost');
    await runbook('backup.md', 'Record positions');

    variables['STANDBY_URL'] = standby.url;
    await runbook('backup.md', 'Fail over to a standby');
    use(standby);
    // It was forgotten: it still takes commands, for a log that no one will see.
    const forgotten = await check();
    expect(forgotten.processes).toMatchObject([{ isReporting: false }]);
    expect(forgotten.lost).toMatchObject({ to: await headOf(cluster) });
    await app.stop();
    await room.run('pg_ctl --pgdata="$DATA" --mode=immediate --wait stop', { DATA: cluster.data });
    await afterwards('a failover', shop, eve.id, shop.customer.id);
  });

  test('a stream that a faulty release has parked is retried; one with an event that no release can fold is skipped', async () => {
    const cluster = await openShopDatabase('primary');
    const node = await openNode(variables['DATABASE_URL']);
    const productId = await productOnSale(node);
    const orderId = await createdOrder(node, await registeredCustomer(node));
    await addItem(node, orderId, productId);
    await projectWith(
      node,
      failingViews(orderId, version => (version === 2 ? 'no such fold' : undefined)),
    );
    await node.close();
    const [parked = '', check = '', retry = '', skip = '', done = ''] = await commandsOf(
      'runbooks.md',
      'A stream is parked',
    );
    const app = await serve();
    try {
      expect(await room.attempt(parked, variables)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`${orderId} before version 2`),
      });
      // The event itself is not damaged.
      expect((await room.attempt(check, variables)).stdout).not.toMatch(/^event /m);
      expect((await room.run(retry, variables)).stdout).toBe('1 stream retried: all continue\n');
      await room.run(done, variables);

      await onDatabase(urlOf(cluster.port, 'orders'), client => client.query(nonsense(orderId)));
      await eventually(async () => {
        expect((await room.attempt(parked, variables)).stdout).toContain(`${orderId} before version 3`);
      }, 30_000);
      expect((await room.attempt(check, variables)).stdout).not.toMatch(/^event /m);
      expect((await room.attempt(retry, variables)).stdout).toContain('1 still parked');
      const skipped = await room.run(skip, { ...variables, STREAM: orderId, VERSION: '3' });
      expect(skipped.stdout).toBe(`version 3 of ${orderId} is skipped: the stream continues\n`);
      expect((await room.run(done, variables)).stdout).toMatch(
        /^no stream is parked\n\d+ events verified: all is well\n$/,
      );
    } finally {
      await app.stop();
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    'the disk of the database is full (needs root, for a disk of its own): when it is larger, everything continues, and nothing is lost',
    async () => {
      const { stdout: uid } = await exec('id', ['-u', 'postgres']);
      const disk = await smallDisk(160, Number(uid));
      const cluster = await openShopDatabase(join(disk.folder, 'data'), { max_wal_size: '48MB' });
      const app = await serve();
      const shop = await openShop(app.url);
      await order(app, shop, shop.customer, 'before');
      await runbook('backup.md', 'Record positions');

      await writeFile(join(disk.folder, 'ballast'), new Uint8Array(160 << 20)).catch(() => undefined); // as much as fits
      const input = { items: [{ productId: shop.productId, quantity: 1 }] };
      await eventually(async () => {
        const answer = await post(app.url, CreateOrderDocument, { input }, { token: shop.customer.token });
        expect(codesOf(answer)).toEqual(['UNAVAILABLE']);
      }, 120_000);
      await disk.enlarge(400);
      Object.assign(variables, { DATA: cluster.data, PORT: `${cluster.port}` });
      const { stdout } = await runbook('runbooks.md', 'The disk of the database is full');
      expect(stdout).toContain('nothing is lost: this log has');
      expect(stdout).toMatch(/verified: all is well/);
      await eventually(() => order(app, shop, shop.customer, 'after'), 30_000);
      await app.stop();
      await room.run('pg_ctl --pgdata="$DATA" --mode=immediate --wait stop', variables);
      await disk.remove();
    },
  );
});

function headOf({ port }: Cluster): Promise<string> {
  return onDatabase(urlOf(port, 'orders'), async client => {
    const { rows } = await client.query<{ head: string }>(`
      SELECT lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS head
      FROM events ORDER BY position DESC LIMIT 1`);
    return rows[0]!.head;
  });
}

/** SQL that stores an event of an order as a superuser could, with a hash that fits, and data that no fold accepts. */
function nonsense(orderId: string): string {
  return `
    INSERT INTO events
    SELECT e.position + 1, e.hash, 'order', '${orderId}', 3, gen_random_uuid(), 1, e.command_hash, 'OrderItemAdded', 1,
      '{"nonsense": true}', NULL, e.metadata, e.occurred_at, e.recorded_at
    FROM events e ORDER BY e.position DESC LIMIT 1;
    UPDATE events e SET hash = event_hash(e.hash, e) WHERE e.data = '{"nonsense": true}'`;
}
