// Every program that package.json starts from a terminal answers --help and --version, and then does nothing else.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChild } from '../support/child.ts';
import { programArguments } from '../support/program.ts';
import { openTcpServer, type TcpServer } from '../support/tcp-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { scripts, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  version: string;
};

/** Each script that starts a program of this project, with the arguments for Node. */
const programs = Object.entries(scripts).flatMap(([script, command]) => {
  const [, compiled] = / dist\/(\S+)\.js\b/.exec(command) ?? [];
  if (compiled !== undefined) return [[script, () => programArguments(compiled)] as const];
  const [example] = /examples\/\S+\.ts\b/.exec(command) ?? [];
  return example === undefined ? [] : [[script, () => ['--import', 'tsx', example]] as const];
});

/** Takes the place of PostgreSQL and Redis: a connection to it proves that a program has begun its work. */
let server: TcpServer;
let connections = 0;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-help-'));
  server = await openTcpServer('a server in place of PostgreSQL and Redis', socket => {
    connections++;
    socket.destroy();
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program with everything that it needs to begin its work. @returns its output, and whether it began */
async function run(program: readonly string[], ...args: string[]) {
  const { port } = server;
  const data = join(folder, 'data');
  const before = connections;
  const child = startChild(process.execPath, [...program, ...args], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: data,
      DATABASE_URL: `postgresql://postgres@127.0.0.1:${port}/orders`,
      REDIS_URL: `redis://127.0.0.1:${port}`,
      ORDERSTREAM_URL: `http://127.0.0.1:${port}/graphql`,
      ORDERSTREAM_TOKEN: 'token',
      STREAM: 'events',
      LOG_LEVLE: 'debug',
    },
  });
  const { code } = await child.exited;
  return { code, began: connections > before || existsSync(data), stdout: child.stdout(), stderr: child.stderr() };
}

const quietly = { code: 0, began: false, stderr: '' };

test('all programs are found', () => {
  expect(programs.map(([script]) => script)).toEqual(
    expect.arrayContaining(['start', 'db:migrate', 'import', 'simulate', 'orderstream', 'demo', 'events']),
  );
});

describe.each(programs)('npm run %s', (script, program) => {
  const usage = script === 'start' ? /^npm start\n\n\S/ : new RegExp(`^npm run ${script}\\b.*\n\n`);

  test('--help describes the program and its options, and does nothing else', async () => {
    for (const option of ['--help', '-h']) {
      expect(await run(program(), option)).toMatchObject({ ...quietly, stdout: expect.stringMatching(usage) });
    }
  });

  test('--version prints the version, and does nothing else', async () => {
    expect(await run(program(), '--version')).toMatchObject({ ...quietly, stdout: `Orderstream ${version}\n` });
  });

  test('an unknown option prints one line with the usage, and does nothing else', async () => {
    const refused = await run(program(), '--no-such-option');
    expect(refused).toMatchObject({ began: false, stdout: '' });
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.stderr).toMatch(/^Unknown option '--no-such-option': npm (?:start|run )[^\n]*\n$/);
  });
});

test('each task of orderstream has its own --help', async () => {
  const program = programArguments('cli/orderstream');
  const overview = await run(program, '--help');
  const tasks = [...overview.stdout.matchAll(/^ {2}([a-z][\w-]+)/gm)].map(([, name = '']) => name);
  expect(tasks).toEqual(expect.arrayContaining(['verify', 'status', 'retry', 'rebuild', 'erase-customer']));
  for (const task of tasks) {
    const help = await run(program, task, '--help');
    expect(help).toMatchObject({ ...quietly, stdout: expect.stringMatching(`^npm run orderstream -- ${task}\\b`) });
  }
});

test('an unexpected argument prints one line, and does nothing else', async () => {
  for (const file of ['main', 'cli/migrate', 'cli/simulate']) {
    const refused = await run(programArguments(file), 'production');
    expect(refused).toMatchObject({ code: 1, began: false, stdout: '' });
    expect(refused.stderr).toMatch(/^Unexpected argument 'production': npm [^\n]*\n$/);
  }
});

test('a misspelt key in the environment is reported before the work begins', async () => {
  for (const [file, ...args] of [['main'], ['cli/migrate'], ['cli/orderstream', 'verify']] as const) {
    const { stderr } = await run(programArguments(file), ...args);
    expect(stderr).toMatch(/^LOG_LEVLE: is no key of this program: did you mean LOG_LEVEL\?\n/);
  }
});
