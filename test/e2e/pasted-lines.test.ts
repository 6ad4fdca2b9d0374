import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type SpawnedApp, spawnApp } from '../support/app.ts';
import { type Child, printed, startChild, stopChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase } from '../support/postgres.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The line as it was printed, in a shell that stands in the project's folder. */
function paste(line: string): Child {
  return startChild('bash', ['-c', line], { cwd: root, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } });
}

/** What an app that nobody configured has printed that begins with `command`. */
function printedLine(app: SpawnedApp, command: string): Promise<string> {
  return eventually(() => {
    const line = app
      .stdout()
      .split('\n')
      .find(text => text.startsWith(`${command} `));
    if (line === undefined) throw new Error(`no line of ${command} in ${app.stdout()}`);
    return line;
  });
}

test('the lines that a first start prints, pasted into a shell, watch a customer and order for them', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'orderstream-pasted-'));
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }));
  const app = await spawnApp({ DATA_DIR, AUTH_JWT_SECRET: undefined });
  const watching = paste(await printedLine(app, 'node'));
  await printed(watching, /"kind":"PROGRESS"/, 20_000);

  const ordering = paste(await printedLine(app, 'curl'));
  expect(await ordering.exited).toMatchObject({ code: 0 });
  const answer = JSON.parse(ordering.stdout()) as { data: { createOrder: { order: { number: string } } } };
  const { order } = answer.data.createOrder;
  expect(order).toEqual({
    number: expect.stringMatching(/^\w{4}-\w{4}$/),
    status: 'DRAFT',
    total: { amount: '25.00', currency: 'EUR' },
  });

  await printed(watching, new RegExp(`"kind":"UPDATE","order":{"number":"${order.number}"`), 10_000);
  expect(watching.stderr()).toBe('');
  await stopChild(watching);
  expect(await app.stop()).toBe(0);
});

test('the first line says that it is ready, and where; with a configured key there is no other', async () => {
  const database = await freshDatabase();
  const app = await spawnApp({ DATABASE_URL: database.url, LOG_LEVEL: 'silent' });
  expect(await app.stop()).toBe(0);
  expect(app.stdout()).toBe(`Orderstream is ready at ${app.url}\n`);
  await database.drop();
});
