import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { printed, startChild, stopChild } from '../support/child.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';

const cwd = fileURLToPath(new URL('../../', import.meta.url));

async function demo(env: Record<string, string>, ...args: string[]) {
  const inherited = Object.fromEntries(['PATH', 'HOME'].map(name => [name, process.env[name]]));
  const command = ['run', '--silent', 'demo', '--', ...args];
  const child = startChild('npm', command, { cwd, env: { ...inherited, ...env } });
  const { code } = await child.exited;
  return { code, lines: child.stdout().trim().split('\n'), stderr: child.stderr() };
}

test('npm run demo without its servers prints what it needs, and how to start them at the addresses that it uses', async () => {
  const { code, stderr } = await demo({});
  expect(code).toBe(2);
  expect(stderr).toContain('DATABASE_URL=postgresql://… REDIS_URL=redis://… npm run demo');

  const [, database = '', redis = ''] = /^ {2}DATABASE_URL=(\S+@\S+) REDIS_URL=(\S+) npm run demo$/m.exec(stderr) ?? [];
  const [postgresRun = '', redisRun = ''] = stderr.match(/^ {2}docker run .*$/gm) ?? [];
  expect(postgresRun).toContain(`--publish ${new URL(database).host}:5432 `);
  expect(postgresRun).toContain(`--env POSTGRES_PASSWORD=${new URL(database).password} `);
  expect(redisRun).toContain(`--publish ${new URL(redis).host}:6379 `);
  // The images of the deployment.
  const compose = await readFile(`${cwd}docker-compose.yml`, 'utf8');
  for (const run of [postgresRun, redisRun]) expect(compose).toContain(`image: ${run.split(' ').at(-1)}\n`);
  // No other setting is needed first.
  expect(stderr).not.toMatch(/docker compose|\$/);
});

test('npm run demo reports what it waits for while a server is down', async () => {
  // Without npm, so that the signal below reaches the demo itself.
  const child = startChild(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts'], {
    cwd,
    env: { DATABASE_URL: 'postgresql://127.0.0.1:1/none', REDIS_URL: 'redis://127.0.0.1:1' },
  });
  await printed(child, /^Orders are placed .*\nwaiting for PostgreSQL at 127\.0\.0\.1:1 and Redis at 127\.0\.0\.1:1$/m);
  await stopChild(child);
});

describeWithRedis('npm run demo', () => {
  test('nothing is lost or repeated; with one frame dropped and one doubled before its count, it reports that and fails', async () => {
    const env = { DATABASE_URL: inject('postgres').adminUrl, REDIS_URL: redisUrl() };
    const [honest, planted] = await Promise.all([demo(env), demo(env, '--plant')]);
    expect(honest).toMatchObject({ code: 0, stderr: '' });
    expect(honest.lines.at(-1)).toBe('0 lost, 0 repeated');
    expect(honest.lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^creating the database /),
        'starting two nodes',
        'orders are placed and changed',
        'Redis is cut',
        'a node is killed',
        'Redis is back',
        'the node is back',
      ]),
    );
    // Two kinds of subscribers count differently: the output explains that before the counts.
    const explained = honest.lines.findIndex(line => /they get fewer frames and still lose nothing/.test(line));
    const counted = honest.lines.findIndex(line => / frames, connected /.test(line));
    expect(explained).toBeGreaterThan(0);
    expect(counted).toBe(explained + 1);
    expect(planted).toMatchObject({ code: 1, stderr: '' });
    expect(planted.lines.at(-1)).toBe('1 lost, 1 repeated');
  });
});
