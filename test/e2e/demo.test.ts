import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { startChild } from '../support/child.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';

const cwd = fileURLToPath(new URL('../../', import.meta.url));

async function demo(env: Record<string, string>, ...args: string[]) {
  const inherited = Object.fromEntries(['PATH', 'HOME'].map(name => [name, process.env[name]]));
  const command = ['run', '--silent', 'demo', '--', ...args];
  const child = startChild('npm', command, { cwd, env: { ...inherited, ...env } });
  const { code } = await child.exited;
  return { code, lines: child.stdout().trim().split('\n'), stderr: child.stderr() };
}

test('npm run demo without its servers says what it needs', async () => {
  const { code, stderr } = await demo({});
  expect(code).toBe(2);
  expect(stderr).toContain('DATABASE_URL=postgresql://… REDIS_URL=redis://… npm run demo');
});

describeWithRedis('npm run demo', () => {
  test('loses nothing and repeats nothing; with a frame dropped and one doubled on the way to its count it says so and fails', async () => {
    const env = { DATABASE_URL: inject('postgres').adminUrl, REDIS_URL: redisUrl() };
    const [honest, planted] = await Promise.all([demo(env), demo(env, '--plant')]);
    expect(honest).toMatchObject({ code: 0, stderr: '' });
    expect(honest.lines.at(-1)).toBe('0 lost, 0 repeated');
    expect(honest.lines).toEqual(
      expect.arrayContaining(['Redis is cut', 'a node is killed', 'Redis is back', 'the node is back']),
    );
    expect(planted).toMatchObject({ code: 1, stderr: '' });
    expect(planted.lines.at(-1)).toBe('1 lost, 1 repeated');
  }, 150_000);
});
