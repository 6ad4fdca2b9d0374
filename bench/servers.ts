import { StartError } from '../src/start-error.ts';
import { type Child, printed, startChild, stopChild } from '../test/support/child.ts';
import { startRedis } from '../test/support/private-redis.ts';
import { testSecret } from '../test/support/tokens.ts';
import type { Run } from './bench.ts';
import { root } from './built.ts';

const startTimeoutMs = 30_000;

/** A server in its own process. */
export interface RunningServer {
  readonly url: string;
  readonly child: Child;
  stop(): Promise<void>;
}

/** The program as `npm start` runs it: both roles in one process; tokens are checked with `testSecret`. */
export function startOrderstream(
  run: Run,
  databaseUrl: string,
  nodeOptions: readonly string[] = [],
): Promise<RunningServer> {
  return start(run, [...nodeOptions, 'dist/main.js'], { DATABASE_URL: databaseUrl, AUTH_JWT_SECRET: testSecret });
}

/**
 * The program as in production: an api process, a projector, and a private Redis between them, so that folding a
 * batch never delays a command.
 * @throws StartError if redis-server is not in the PATH
 */
export async function startApart(run: Run, databaseUrl: string): Promise<RunningServer> {
  const env = await apartFrom(run, databaseUrl);
  const api = await start(run, ['dist/main.js'], { ...env, ROLES: 'api' });
  const projector = await start(run, ['dist/main.js'], { ...env, ROLES: 'projector' });
  return {
    ...api,
    stop: async () => {
      await Promise.all([api.stop(), projector.stop()]);
    },
  };
}

/**
 * Only the api process of that deployment: no process folds views.
 * @throws StartError if redis-server is not in the PATH
 */
export async function startApi(run: Run, databaseUrl: string): Promise<RunningServer> {
  return start(run, ['dist/main.js'], { ...(await apartFrom(run, databaseUrl)), ROLES: 'api' });
}

/**
 * Two nodes: one with both roles, and one api process. Clients of the second one watch changes that come from the
 * first.
 * @throws StartError if redis-server is not in the PATH
 */
export async function startTwoNodes(
  run: Run,
  databaseUrl: string,
): Promise<{ readonly whole: RunningServer; readonly front: RunningServer }> {
  const env = await apartFrom(run, databaseUrl);
  const whole = await start(run, ['dist/main.js'], env);
  return { whole, front: await start(run, ['dist/main.js'], { ...env, ROLES: 'api' }) };
}

async function apartFrom({ closers }: Run, databaseUrl: string): Promise<Record<string, string>> {
  const redis = await startRedis().catch((error: unknown) => {
    throw new StartError(`PATH: no redis-server can be started (${(error as Error).message}): install Redis`);
  });
  closers.push(() => redis.stop());
  return { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, AUTH_JWT_SECRET: testSecret };
}

/** A baseline server. @param file path under bench/ */
export function startBaseline(
  run: Run,
  file: string,
  databaseUrl: string,
  nodeOptions: readonly string[] = [],
): Promise<RunningServer> {
  return start(run, [...nodeOptions, '--import', 'tsx', `bench/${file}`], { DATABASE_URL: databaseUrl });
}

async function start({ closers }: Run, args: string[], env: Record<string, string>): Promise<RunningServer> {
  // Nothing else of this process's environment is passed on; NODE_ENV above all would change the result.
  const inherited = Object.fromEntries(['PATH', 'HOME', 'TMPDIR'].map(name => [name, process.env[name]]));
  const child = startChild(process.execPath, args, { cwd: root, env: { ...inherited, PORT: '0', ...env } });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopChild(child));
  closers.push(stop);
  const [, url = ''] = await printed(child, /ready (?:at (\S+)|to project)/, startTimeoutMs);
  return { url, child, stop };
}
