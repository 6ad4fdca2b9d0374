// Each command of docs/operating/commands.md is run with --json: it prints nothing but the documented value.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { printed } from '../support/child.ts';
import { interrupted, runCli, startCli } from '../support/cli.ts';
import { failingViews, projectWith } from '../support/broken-views.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { bareDatabase, freshDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
} from '../support/test-node.ts';
import { testSecret } from '../support/tokens.ts';
import { useFolder } from '../support/use-folder.ts';

const page = await readFile(new URL('../../docs/operating/commands.md', import.meta.url), 'utf8');

/** The example of each command, by its heading; those below `orderstream` are its tasks. */
const examples = new Map(
  [...page.matchAll(/^###? (.+)\n(?:(?!^##)[^])*?^```json\n([^]+?)^```/gm)].map(([, heading = '', json = '']) => [
    heading,
    JSON.parse(json) as unknown,
  ]),
);
const run = new Set<string>();

const folder = useFolder();
let database: TestDatabase;
let app: TestApp;
let customerId: string;
let orderId: string;

/** A log with a parked order, as a faulty release leaves it; the app that runs then can fold it. */
beforeAll(async () => {
  database = await freshDatabase();
  const node = await openNode(database.url);
  const productId = await productOnSale(node);
  customerId = await registeredCustomer(node);
  orderId = await createdOrder(node, customerId, { reference: 'PO 7' });
  await projectAll(node);
  await addItem(node, orderId, productId);
  await projectWith(
    node,
    failingViews(orderId, version => (version === 2 ? 'no such fold' : undefined)),
  );
  await node.close();
  app = await startApp({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

/** The names and types of a value. Null stands for any value, because an example shows only one case. */
function shapeOf(value: unknown, example: unknown): unknown {
  if (value === null || example === null) return null;
  if (Array.isArray(value)) {
    const [first] = Array.isArray(example) ? (example as unknown[]) : [];
    return value.length === 0 || first === undefined ? [] : [shapeOf(value[0], first)];
  }
  if (typeof value !== 'object') return typeof value;
  const others = example as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one, others[name])]));
}

function expectDocumented(heading: string, value: unknown): void {
  run.add(heading);
  const example = examples.get(heading);
  expect([heading, shapeOf(value, example)]).toEqual([heading, shapeOf(example, value)]);
}

/** Runs a command, and expects one line of JSON with the documented names and types. */
async function expectJson(heading: string, code: number, name: string, args: readonly string[], env: object = {}) {
  const ended = await runCli(name, [...args, '--json'], { DATABASE_URL: database.url, ...env });
  expect([heading, ended.code, ended.stderr, ended.stdout.split('\n').length]).toEqual([
    heading,
    code,
    expect.any(String),
    2,
  ]);
  const value = JSON.parse(ended.stdout) as { ok: boolean };
  expect(value.ok).toBe(code === 0);
  expectDocumented(heading, value);
  return value as Record<string, unknown>;
}

const task = (code: number, name: string, args: readonly string[] = [], env?: object) =>
  expectJson(name, code, 'orderstream', [name, ...args], env);

test('a parked stream: parked, status, retry', async () => {
  await task(1, 'parked');
  const { position } = await task(1, 'status');
  expect(position).toMatch(/^[0-9a-f]{13}-[0-9a-f]{12}$/);
  expect(await task(0, 'retry', [orderId, '--by', 'ann'])).toMatchObject({ retried: [orderId], reached: true });
  expect(await task(0, 'parked')).toMatchObject({ streams: [] });
});

test('skip', async () => {
  const other = await freshDatabase();
  const node = await openNode(other.url);
  try {
    const productId = await productOnSale(node);
    const id = await createdOrder(node, await registeredCustomer(node));
    await addItem(node, id, productId);
    await projectWith(
      node,
      failingViews(id, version => (version === 2 ? 'no such fold' : undefined)),
    );
    // No projector runs, so the skip is stored and not carried out.
    const skipped = await task(1, 'skip', [id, '2'], { DATABASE_URL: other.url });
    expect(skipped).toMatchObject({ version: 2, reached: false });
    await projectAll(node);
    expect(await task(0, 'parked', [], { DATABASE_URL: other.url })).toMatchObject({ streams: [] });
  } finally {
    await node.close();
    await other.drop();
  }
});

test('rebuild, abandon-rebuild, verify', async () => {
  await task(0, 'rebuild', ['order_view', '--by', 'ann']);
  await task(0, 'abandon-rebuild', ['--by', 'ann']);
  await eventually(async () => expect(await task(0, 'status')).toMatchObject({ ok: true }));
  await task(0, 'verify');
  await onDatabase(database.url, client => client.query('UPDATE order_view SET total = total + 1'));
  expect(await task(1, 'verify')).toMatchObject({ viewFaults: [{ view: 'order_view', id: orderId }] });
  await onDatabase(database.url, client => client.query('UPDATE order_view SET total = total - 1'));
});

test('erase-customer, export, import-log, restore-check', async () => {
  const list = join(folder.path, 'erasures.jsonl');
  const path = join(folder.path, 'export');
  await task(0, 'export', [path, '--personal']);
  await task(0, 'erase-customer', [customerId, '--by', 'ann'], { ERASURE_LIST: list });
  expect(JSON.parse(await readFile(list, 'utf8'))).toEqual({ customerId, at: expect.any(String) as string, by: 'ann' });
  const position = String((await task(0, 'status'))['position']);
  const copy = await freshDatabase();
  try {
    const env = { DATABASE_URL: copy.url, ERASURE_LIST: list };
    await task(0, 'import-log', [path], env);
    // The export is from before the erasure.
    expect(await task(1, 'restore-check', ['--known', position], env)).toMatchObject({
      lost: { after: null, to: position },
      unerased: [customerId],
    });
    expect(await task(1, 'erase-customer', ['--from', list], env)).toMatchObject({ customers: [{ customerId }] });
    expect(await task(1, 'restore-check', ['--known', position], env)).toMatchObject({ unerased: [] });
  } finally {
    await copy.drop();
  }
});

test('db:migrate, and its dry run, which changes nothing', async () => {
  const bare = await bareDatabase();
  try {
    const env = { DATABASE_URL: bare.url };
    const dry = 'db:migrate --dry-run';
    const { pending } = await expectJson(dry, 2, 'migrate', ['--dry-run'], env);
    const tables = await onDatabase(bare.url, client =>
      client.query(`SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`),
    );
    expect(tables.rowCount).toBe(0);
    expect(await expectJson('db:migrate', 0, 'migrate', [], env)).toMatchObject({ applied: pending });
    expect(await expectJson(dry, 0, 'migrate', ['--dry-run'], env)).toMatchObject({ pending: [] });
  } finally {
    await bare.drop();
  }
});

test('import', async () => {
  const file = join(folder.path, 'orders.csv');
  await writeFile(
    file,
    `order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier
1,ANN,Ann,T1,Tea,3,2.50,EUR,2026-01-02,2026-01-05,Post
`,
  );
  await expectJson('import', 0, 'import', [file]);
});

test('order, simulate and watch, which prints a line for each frame', async () => {
  const env = { AUTH_JWT_SECRET: testSecret };
  const url = ['--url', app.url];
  const watch = startCli('watch', [...url, '--json'], env);
  await printed(watch, /"kind":"PROGRESS"/);
  await expectJson('order', 0, 'order', url, env);
  await expectJson('simulate', 0, 'simulate', [...url, '--for', '1'], env);
  await printed(watch, /"kind":"UPDATE"/);
  const { stdout } = await interrupted(watch);
  const frames = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { kind: string });
  expectDocumented(
    'watch',
    frames.find(({ kind }) => kind === 'UPDATE'),
  );
});

test('the page has every command', async () => {
  const { stdout } = await runCli('orderstream', ['--help']);
  const tasks = [...stdout.matchAll(/^ {2}([a-z][\w-]+)/gm)].map(([, name = '']) => name);
  const others = ['db:migrate', 'db:migrate --dry-run', 'import', 'order', 'simulate', 'watch'];
  expect([...examples.keys()].sort()).toEqual([...tasks, ...others].sort());
  expect([...run].sort()).toEqual([...examples.keys()].sort());
});

test('an error leaves standard output empty', async () => {
  for (const args of [['retry', `ord_${crypto.randomUUID()}`], ['rebuild', 'no_such_view'], ['nothing']]) {
    const { code, stdout, stderr } = await runCli('orderstream', [...args, '--json'], { DATABASE_URL: database.url });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
  }
});
