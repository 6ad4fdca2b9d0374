// Each runbook of docs/operating is tried by its own commands, on clusters of an installed PostgreSQL.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrations.ts';
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
  variables = { USER_NAME: 'ann', ERASURE_LIST: join(room.folder, 'records/erasures.jsonl') };
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

/** Points the commands to a database. */
function use(cluster: Cluster, database = 'postgres'): string {
  const url = urlOf(cluster.port, database);
  Object.assign(variables, { ADMIN_URL: cluster.url, DATABASE_URL: url, DATABASE_MIGRATE_URL: url });
  return url;
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
  const command = 'orderstream restore-check --json --known "$RECORDS/positions.jsonl" || true';
  return JSON.parse((await room.run(command, variables)).stdout) as Checked;
}

/** The section that follows each restore, from the check to the end: someone was erased after the backup. */
async function afterwards(shop: Shop, erased: string, kept: string): Promise<void> {
  const page = ['backup.md', 'After every restore and failover'] as const;
  const checked = await runbook(...page, 0);
  expect(checked.stdout).toMatch(/^lost: \d+(?: to \d+)? events? after /m);
  expect(checked.stdout).toContain(`${erased} must be erased again\n`);
  // No server shows the data before that.
  await expect(serve()).rejects.toThrow(/^ERASURE_LIST: the database has the keys of 1 of its customers again/);
  expect((await runbook(...page, 1)).stdout).toMatch(new RegExp(`^${erased} is erased at .+start a server`, 'm'));
  expect(await check()).toMatchObject({ unerased: [] });

  const app = await serve();
  try {
    await eventually(async () => expect((await room.run('orderstream status', variables)).code).toBe(0), 30_000);
    expect((await runbook(...page, 2)).stdout).toMatch(/verified: all is well/);
    expect([await nameOf(app, shop, erased), await nameOf(app, shop, kept)]).toEqual(['[erased]', 'Ada Lovelace']);
  } finally {
    await app.stop();
  }
}

describe.skipIf(needs !== '')(`runbooks${needs}`, () => {
  test('a dump is restored: what is lost is reported, and who was erased after it is erased again', async () => {
    const cluster = await room.startCluster('primary');
    await migrate(use(cluster));
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

    variables['RESTORED'] = 'restored';
    await runbook('backup.md', 'Restore a dump');
    use(cluster, 'restored');
    await afterwards(shop, eve.id, shop.customer.id);
  });

  test('a base backup and WAL are restored to a point in time: the erasure after that time is done again', async () => {
    const cluster = await room.startCluster('primary');
    await migrate(use(cluster));
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
    await onDatabase(cluster.url, client => client.query('SELECT pg_switch_wal()'));
    await room.run('pg_ctl --pgdata="$DATA" --mode=fast --wait stop', { DATA: cluster.data });

    const port = await room.freePort();
    Object.assign(variables, { DATA: join(room.folder, 'restored'), PORT: `${port}` });
    use({ data: variables['DATA']!, port, url: urlOf(port) });
    await runbook('backup.md', 'Restore to a point in time');
    expect(await check()).toMatchObject({ lost: { atLeast: expect.any(Number) as number } });
    await afterwards(shop, eve.id, shop.customer.id);
  });

  test('a standby that lacks the last commands is promoted: they are reported, and the process that still writes to the old primary', async () => {
    const cluster = await room.startCluster('primary');
    await migrate(use(cluster));
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
      const [primary, copy] = await Promise.all([cluster.url, standby.url].map(headOf));
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
    expect(forgotten.lost).toMatchObject({ to: await headOf(cluster.url) });
    await app.stop();
    await room.run('pg_ctl --pgdata="$DATA" --mode=immediate --wait stop', { DATA: cluster.data });
    await afterwards(shop, eve.id, shop.customer.id);
  });

  test('a stream that a faulty release has parked is retried; one with an event that no release can fold is skipped', async () => {
    const cluster = await room.startCluster('primary');
    const url = use(cluster);
    await migrate(url);
    const node = await openNode(url);
    const productId = await productOnSale(node);
    const orderId = await createdOrder(node, await registeredCustomer(node));
    await addItem(node, orderId, productId);
    await projectWith(
      node,
      failingViews(orderId, version => (version === 2 ? 'no such fold' : undefined)),
    );
    await node.close();
    const [parked = '', retry = '', skip = '', done = ''] = await commandsOf('runbooks.md', 'A stream is parked');
    const app = await serve();
    try {
      expect((await room.run(parked, variables)).stdout).toContain(`${orderId} before version 2`);
      expect((await room.run(retry, variables)).stdout).toBe('1 stream retried: all continue\n');
      await room.run(done, variables);

      await onDatabase(url, client => client.query(nonsense(orderId)));
      await eventually(async () => {
        expect((await room.run(parked, variables)).stdout).toContain(`${orderId} before version 3`);
      }, 30_000);
      expect((await room.run(retry, variables)).stdout).toContain('1 still parked');
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
      const cluster = await room.startCluster(join(disk.folder, 'data'), { max_wal_size: '48MB' });
      await migrate(use(cluster));
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

function headOf(url: string): Promise<string> {
  return onDatabase(url, async client => {
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
