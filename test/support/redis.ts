import { describe, inject } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { locateRedis, type RedisLocation } from '../../src/live/redis-location.ts';

const url = inject('redisUrl');
const howToRun = 'needs Redis: put redis-server on PATH, or set TEST_REDIS_URL';

/** `describe` for a suite that needs Redis. Without Redis it is skipped, and its name says how to run it. */
export function describeWithRedis(name: string, suite: () => void): void {
  describe.skipIf(url === null)(url === null ? `${name} (${howToRun})` : name, suite);
}

/**
 * The run's Redis, which other suites use at the same time: never flush it, never stop it. Tests of Redis faults
 * start their own by `startRedis` of private-redis.ts.
 */
export function redisUrl(): string {
  if (url === null) throw new Error(`This suite ${howToRun}; declare it with describeWithRedis`);
  return url;
}

/** Where the program finds the Redis at this URL. */
export async function redisAt(url: string, settings: NodeJS.ProcessEnv = {}): Promise<RedisLocation> {
  const { redis } = loadConfig({ REDIS_URL: url, ...settings });
  return locateRedis(redis!);
}
