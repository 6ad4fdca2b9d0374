// An export and its import are killed again and again. EXPORT_ORDERS=1000000 is the run of `npm run proof -- export`.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { fillOrders } from '../support/fill-orders.ts';
import { runCli, startCli } from '../support/cli.ts';
import { onDatabase } from '../support/on-database.ts';
import { freshDatabase } from '../support/postgres.ts';
import { openNode } from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';
import { useFolder } from '../support/use-folder.ts';

const orders = Number(process.env['EXPORT_ORDERS'] ?? 20_000);
const maxMegabytes = 250;
const kills = 3;

const database = useDatabase();
const folder = useFolder();
let events: number;

beforeAll(async () => {
  const node = await openNode(database.url);
  const [erased = ''] = await fillOrders(node, orders);
  await node.close();
  const { code } = await runCli('orderstream', ['erase-customer', erased], { DATABASE_URL: database.url });
  expect(code).toBe(1); // no projector runs, so the views still have to follow
  events = (await fingerprint(database.url)).events;
}, 3_600_000);

interface Fingerprint {
  readonly events: number;
  readonly rows: string;
  readonly keys: string;
}

/** Of all columns of all events, and of the keys. */
function fingerprint(url: string): Promise<Fingerprint> {
  return onDatabase(url, async client => {
    const { rows } = await client.query<Fingerprint>(`
      SELECT count(*)::int AS events,
        sum(hashtextextended(e::text, 0)::numeric)::text AS rows,
        (SELECT sum(hashtextextended(k::text, 0)::numeric)::text FROM customer_keys k) AS keys
      FROM events e`);
    return rows[0]!;
  });
}

/** Starts a task, and kills it with SIGKILL when it has got further than `before`. @returns how far it is */
async function killLater(args: readonly string[], env: Record<string, string>, far: () => Promise<number>) {
  const before = await far();
  const child = startCli('orderstream', args, env);
  const ended = child.exited.then(() => true);
  while ((await far()) <= before && !(await Promise.race([ended, sleep(5, false)])));
  child.kill('SIGKILL');
  await child.exited;
  return far();
}

async function filesIn(path: string): Promise<number> {
  const names = await readdir(path).catch(() => []);
  return names.filter(name => name.startsWith('events-')).length;
}

function storedIn(url: string): Promise<number> {
  return onDatabase(url, async client => {
    const { rows } = await client.query<{ head: number }>('SELECT coalesce(max(position), 0)::int AS head FROM events');
    return rows[0]!.head;
  });
}

async function exportKilled(path: string, ...options: string[]) {
  const args = ['export', path, ...options, '--json'];
  const env = { DATABASE_URL: database.url };
  for (let kill = 0; kill < kills; kill++) await killLater(args, env, () => filesIn(path));
  const { code, stdout } = await runCli('orderstream', args, env);
  expect(code).toBe(0);
  return JSON.parse(stdout) as { peakMegabytes: number };
}

test('an export that is killed again and again is continued; its import, killed too, has the same chain and the same keys', async () => {
  const path = join(folder.path, 'jsonl');
  const exported = await exportKilled(path, '--personal');
  expect(exported).toMatchObject({ ok: true, events, resumed: true });
  expect(exported.peakMegabytes).toBeLessThan(maxMegabytes);

  const copy = await freshDatabase();
  try {
    const args = ['import-log', path, '--json'];
    const env = { DATABASE_URL: copy.url };
    for (let kill = 0; kill < kills; kill++) {
      const stored = await killLater(args, env, () => storedIn(copy.url));
      expect(stored).toBeGreaterThan(0);
    }
    const imported = JSON.parse((await runCli('orderstream', args, env)).stdout) as {
      peakMegabytes: number;
      storedBefore: number;
    };
    expect(imported).toMatchObject({ ok: true });
    expect(imported.storedBefore).toBeGreaterThan(0);
    expect(imported.peakMegabytes).toBeLessThan(maxMegabytes);
    expect(await fingerprint(copy.url)).toEqual(await fingerprint(database.url));
    report({ events, exported: exported.peakMegabytes, imported: imported.peakMegabytes });
  } finally {
    await copy.drop();
  }
}, 7_200_000);

test('the same as Parquet', async () => {
  const exported = await exportKilled(join(folder.path, 'parquet'), '--format', 'parquet');
  expect(exported).toMatchObject({ ok: true, events, resumed: true });
  expect(exported.peakMegabytes).toBeLessThan(maxMegabytes);
  report({ events, parquet: exported.peakMegabytes });
}, 7_200_000);

/** For the report of a proof. */
function report(measured: object): void {
  if (process.env['EXPORT_ORDERS'] !== undefined) console.log(JSON.stringify({ orders, ...measured }));
}
