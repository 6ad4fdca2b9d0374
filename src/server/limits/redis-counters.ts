import type { Logger } from '../../telemetry/logger.ts';
import { openRedisClient } from '../../live/redis-client.ts';
import type { RedisLocation } from '../../live/redis-location.ts';

/** Later answers are dropped: the counts would be out of date. */
const commandTimeoutMs = 1_000;

/** Counters that nodes share. */
export interface RedisCounters {
  /**
   * Increments each counter.
   * @param seconds after which a counter that is not incremented again is deleted
   * @returns the new values; undefined if Redis is not available
   */
  add(
    increments: readonly { readonly key: string; readonly by: number }[],
    seconds: number,
  ): Promise<readonly number[] | undefined>;
  close(): void;
}

/**
 * Counters in Redis. Redis may be away, or reject commands, at any time, also at the start: then nothing is counted
 * and no caller waits.
 */
export function openRedisCounters(location: RedisLocation, logger: Logger): RedisCounters {
  const { redis, isReady, close } = openRedisClient(location, logger, commandTimeoutMs);
  // A cluster places a key by the part in braces: all counters are on one node, so one pipeline increments them.
  const prefix = `${location.prefix}{rate}:`;
  /** Redis rejected the last increments, and that was logged. */
  let rejected = false;

  return {
    async add(increments, seconds) {
      if (increments.length === 0 || !isReady()) return undefined;
      const pipeline = redis.pipeline();
      for (const { key, by } of increments) pipeline.incrby(prefix + key, by).expire(prefix + key, seconds);
      try {
        const sums = sumsOf((await pipeline.exec()) ?? []);
        if (rejected) logger.info('Redis counts again: rate limits apply across all nodes');
        rejected = false;
        return sums;
      } catch (error) {
        // A lost connection is logged by the bus, and the client follows to another node of a cluster by itself.
        const isRejection = isReady() && !(error as Error).message.startsWith('MOVED ');
        const level = isRejection && !rejected ? 'warn' : 'debug';
        logger[level]({ err: error }, 'Redis does not count: rate limits apply to each node separately');
        rejected ||= isRejection;
        return undefined;
      }
    },
    close,
  };
}

/** @throws the error with which Redis rejected a command, or an error if a reply is not a number */
function sumsOf(replies: readonly (readonly [Error | null, unknown])[]): number[] {
  return replies
    .filter((_, index) => index % 2 === 0)
    .map(([error, sum]) => {
      if (error) throw error;
      if (typeof sum !== 'number') throw new Error('Redis answered INCRBY with something that is not a number');
      return sum;
    });
}
