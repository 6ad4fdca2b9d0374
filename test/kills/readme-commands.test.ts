// The README, from top to bottom, in an empty folder: runs each command as it is written there.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { allOrders } from '../support/all-orders.ts';
import { type Child, printed, startChild, stopChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { orderLinesIn } from '../support/order-lines.ts';
import { bareDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { testSecret } from '../support/tokens.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const blocks = [...(await readFile(`${root}README.md`, 'utf8')).matchAll(/^```sh\n([^]*?)\n```$/gm)].map(
  ([, block = '']) => block,
);
const [install, watch, order, simulate, importFile, verify, production, testAll] = blocks;

let folder: string;
/** Only a guard: npm may download all packages, and builds the program. */
const installGuardMs = 400_000;

/** The port of the README's commands. Another run of this file may use it for some minutes. */
async function portIsFree(): Promise<void> {
  const server = createServer();
  await once(server.listen(4000, '127.0.0.1'), 'listening');
  await promisify(server.close.bind(server))();
}

beforeAll(async () => {
  await eventually(portIsFree, 300_000);
  folder = await mkdtemp(join(tmpdir(), 'orderstream-readme-'));
  const listed = await promisify(execFile)('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root });
  for (const file of listed.stdout.trim().split('\n')) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    // Files that are listed, but deleted in the work tree, cannot be copied.
    if (existsSync(root + file)) await copyFile(root + file, join(folder, file));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A user's shell, without the environment of this run. */
function shell(command: string | undefined, env: Record<string, string> = {}): Child {
  if (command === undefined) throw new Error('the README has no such command');
  const inherited = Object.fromEntries(['PATH', 'HOME'].map(name => [name, process.env[name]]));
  // In its own session, so that a signal reaches all of its processes, as from a terminal.
  return startChild('setsid', ['bash', '-c', command], { cwd: folder, env: { ...inherited, ...env } });
}

async function ended(child: Child) {
  const { code } = await child.exited;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** As Ctrl-C does: signals the shell, npm and the program at once. */
async function interrupt(child: Child): Promise<void> {
  process.kill(-child.pid, 'SIGINT');
  await child.exited;
}

test('every command of the README is tested here', () => {
  expect(blocks).toHaveLength(8);
  expect(testAll).toBe('npm ci && npm test'); // this run, or one like it
});

test('install, start, watch, order, simulate, import, verify', async () => {
  const server = shell(install);
  try {
    await printed(server, /^Orderstream is ready at http:\/\/127\.0\.0\.1:4000$/m, installGuardMs);

    const watching = shell(watch);
    await printed(watching, /^Live from position /m);
    const ordered = await ended(shell(order));
    expect(ordered, ordered.stdout + ordered.stderr).toMatchObject({ code: 0 });
    const [, number = ''] = /^submitted +(\S+)/m.exec(ordered.stdout) ?? [];
    await printed(watching, new RegExp(` ${number}  SUBMITTED `));

    const busy = shell(simulate);
    await printed(busy, /(?:.*\n){8}/);
    // The first screen is updated too: it shows changes of other orders.
    await printed(watching, new RegExp(`SUBMITTED [^]*(?:  (?!${number})\\w{4}-\\w{4}  [^]*){4}`));
    await interrupt(busy);
    await interrupt(watching);
  } finally {
    await interrupt(server);
  }

  await writeFile(
    join(folder, 'orders.csv'),
    `order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier
1,ANN,Ann,T1,Tea,3,2.50,EUR,2026-01-02,2026-01-05,Post
1,ANN,Ann,T2,Pot,1,20.00,EUR,2026-01-02,2026-01-05,Post
`,
  );
  const imported = await ended(shell(importFile));
  expect(imported, imported.stdout + imported.stderr).toMatchObject({ code: 0 });
  expect(imported.stdout).toMatch(/27\.50 EUR/);

  const verified = await ended(shell(verify));
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
  expect(verified.stdout).toMatch(/all is well\n$/);
});

describeWithRedis('for real data', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await bareDatabase();
  });
  afterEach(() => database.drop());

  test('migrate and start', async () => {
    const server = shell(production, { DATABASE_URL: database.url, REDIS_URL: redisUrl() });
    try {
      await printed(server, /^Orderstream is ready at http:\/\/127\.0\.0\.1:4000$/m);
      // The commands for the embedded database work here too.
      const ordered = await ended(shell(order));
      expect(ordered, ordered.stdout + ordered.stderr).toMatchObject({ code: 0 });
    } finally {
      await interrupt(server);
    }
  });

  // Here, because this folder has the compiled program: otherwise the memory of a TypeScript loader would be
  // included.
  test('an api process and a projector use less than 200 MB each while a file is imported and lists are read', async () => {
    const file = orderLinesIn(folder);
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl(), AUTH_JWT_SECRET: testSecret, PORT: '0' };
    expect(await ended(shell('npm run db:migrate', env))).toMatchObject({ code: 0 });
    const api = shell('exec node dist/main.js', { ...env, ROLES: 'api' });
    const projector = shell('exec node dist/main.js', { ...env, ROLES: 'projector' });
    try {
      const [, url = ''] = await printed(api, /^Orderstream is ready at (\S+)$/m);
      await printed(projector, /^Orderstream is ready to project/m);
      const importing = shell(`node dist/cli/import.js ${file.path}`, { DATABASE_URL: database.url });
      const done = ended(importing).then(({ code }) => ({ code }));
      for (let left: unknown; left === undefined; left = await Promise.race([done, sleep(100)])) await allOrders(url);
      expect(await done).toEqual({ code: 0 });
      // The views lag a moment behind the file's last lines.
      await eventually(async () => expect(await allOrders(url)).toHaveLength(file.orders.length));
      for (let round = 1; round <= 4; round++) expect(await allOrders(url)).toHaveLength(file.orders.length);
      for (const child of [api, projector]) expect(await mostMemory(child)).toBeLessThan(200_000);
      // Otherwise the measured process would not have done this work.
      for (const child of [api, projector]) expect(await mostMemory(child)).toBeGreaterThan(100_000);
    } finally {
      await Promise.all([stopChild(api), stopChild(projector)]);
    }
  });
});

/** Maximum resident memory of the process so far, in kB. */
async function mostMemory({ pid }: Child): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}
