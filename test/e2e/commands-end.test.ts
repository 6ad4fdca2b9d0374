// Each command of the terminal ends when its work is done: no timer or connection keeps its process alive.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Environment, startApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { bareDatabase, freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { testSecret } from '../support/tokens.ts';

const preload = fileURLToPath(new URL('../support/waits-after-last-line.mjs', import.meta.url));

let folder: string;
let bare: TestDatabase;
let served: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-ends-'));
  bare = await bareDatabase();
  served = await freshDatabase();
  app = await startApp({ DATABASE_URL: served.url });
  await writeFile(
    join(folder, 'orders.csv'),
    `order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier
1,ANN,Ann,T1,Tea,3,2.50,EUR,2026-01-02,2026-01-05,Post
`,
  );
});
afterAll(async () => {
  await app.stop();
  await Promise.all([bare.drop(), served.drop()]);
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command to its end. @returns its exit code, and the timers (ms) that kept it running after its last line */
async function waitsAfterLastLine(name: string, args: readonly string[], env: Environment) {
  const file = join(folder, `waits-${crypto.randomUUID()}.json`);
  const { code, stdout, stderr } = await runCli(name, args, {
    ...env,
    NODE_OPTIONS: `--import=${preload}`,
    WAITS_FILE: file,
  });
  return { code, waits: JSON.parse(await readFile(file, 'utf8')) as number[], output: stdout + stderr };
}

test('db:migrate ends when its work is done, whether or not it applied anything', async () => {
  for (const line of ['applied ', 'nothing to apply']) {
    const ended = await waitsAfterLastLine('migrate', [], { DATABASE_URL: bare.url });
    expect(ended).toMatchObject({ code: 0, waits: [] });
    expect(ended.output).toContain(line);
  }
});

test('import and each command of orderstream migrate an embedded database, and end when their work is done', async () => {
  const env = { DATA_DIR: join(folder, 'data') };
  const commands: [string, string[]][] = [
    ['import', [join(folder, 'orders.csv')]],
    ['orderstream', ['verify']],
    ['orderstream', ['status']],
    ['orderstream', ['parked']],
    ['orderstream', ['retry', 'all']],
    ['orderstream', ['rebuild', 'order_view']],
    ['orderstream', ['abandon-rebuild']],
  ];
  for (const [name, args] of commands) {
    expect(await waitsAfterLastLine(name, args, env), args.join(' ')).toMatchObject({ waits: [] });
  }
});

test('orderstream verify ends when its work on a server is done', async () => {
  expect(await waitsAfterLastLine('orderstream', ['verify'], { DATABASE_URL: served.url })).toMatchObject({
    code: 0,
    waits: [],
  });
});

test('simulate ends when its work is done', async () => {
  const ended = await waitsAfterLastLine('simulate', ['--url', app.url, '--for', '1'], {
    AUTH_JWT_SECRET: testSecret,
  });
  expect(ended).toMatchObject({ code: 0, waits: [] });
});
