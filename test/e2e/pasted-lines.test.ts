import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type SpawnedApp, spawnApp } from '../support/app.ts';
import { type Child, printed, startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase } from '../support/postgres.ts';
import { compiledProgram } from '../support/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with the content of the project's folder after `npm ci`: its scripts and the built program. */
async function builtProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-pasted-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['package.json', 'node-version.cjs', 'node_modules'])
    await symlink(join(root, name), join(folder, name));
  await symlink(compiledProgram(), join(folder, 'dist'));
  return folder;
}

/** Runs the printed line in a shell in that folder, in its own session, so that Ctrl-C reaches all of its processes. */
function paste(line: string, cwd: string): Child {
  return startChild('setsid', ['bash', '-c', line], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
}

/** The command that an app without configuration has printed. */
function printedCommand(app: SpawnedApp, command: string): Promise<string> {
  return eventually(() => {
    const [, line] = new RegExp(`^  (${command}(?: -- --url \\S+)?)  `, 'm').exec(app.stdout()) ?? [];
    if (line === undefined) throw new Error(`no ${command} in ${app.stdout()}`);
    return line;
  });
}

test('the commands that a first start prints, pasted into a shell, watch all orders and place one', async () => {
  const folder = await builtProject();
  const app = await spawnApp({ DATA_DIR: join(folder, 'data'), AUTH_JWT_SECRET: undefined });
  const watching = paste(await printedCommand(app, 'npm run watch'), folder);
  await printed(watching, /^Live from position /m);

  const ordering = paste(await printedCommand(app, 'npm run order'), folder);
  expect(await ordering.exited).toMatchObject({ code: 0 });
  const steps = [...ordering.stdout().matchAll(/^(\w+) +(\w{4}-\w{4}) {2}(.+) {2}position (\S+)$/gm)];
  expect(steps.map(([, done]) => done)).toEqual(['created', 'added', 'submitted']);
  const [, , number = '', sum = '', position = ''] = steps.at(-1) ?? [];
  const [, total = ''] = /= ([\d.]+ EUR)$/.exec(sum) ?? [];
  expect(Number.parseFloat(total)).toBeGreaterThan(0);

  await printed(watching, new RegExp(`${number}  SUBMITTED +2 items +${total}  Ada Lovelace  ${position}$`, 'm'));
  expect(watching.stderr()).toBe('');
  process.kill(-watching.pid, 'SIGINT');
  await watching.exited;
  expect(await app.stop()).toBe(0);
});

test('the start screen has colour if it is requested, and its first line stays plain for programs', async () => {
  const database = await freshDatabase();
  const app = await spawnApp({ DATABASE_URL: database.url, AUTH_JWT_SECRET: undefined, FORCE_COLOR: '1' });
  const escape = String.fromCharCode(27);
  await eventually(() => expect(app.stdout()).toContain(`${escape}[36mnpm run watch`));
  expect(app.stdout().split('\n')[0]).toBe(`Orderstream is ready at ${app.url}`);
  expect(await app.stop()).toBe(0);
  await database.drop();
});

test('the first line says that the server is ready, and its address; with a configured key no other line follows', async () => {
  const database = await freshDatabase();
  const app = await spawnApp({ DATABASE_URL: database.url, LOG_LEVEL: 'silent' });
  expect(await app.stop()).toBe(0);
  expect(app.stdout()).toBe(`Orderstream is ready at ${app.url}\n`);
  await database.drop();
});
