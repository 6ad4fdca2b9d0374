import type { Logger } from '../../telemetry/logger.ts';
import { openRedisClient } from '../../live/redis-client.ts';

const prefix = 'orderstream:rate:';
/** An answer that takes longer is not waited for, ms: what it would say is old by then. */
const patience = 1_000;

/** Numbers that nodes add up together. */
export interface RedisCounters {
  /** Adds to each, and answers the sums; undefined where Redis is away. `seconds` until they are forgotten. */
  add(
    news: readonly { readonly key: string; readonly more: number }[],
    seconds: number,
  ): Promise<readonly number[] | undefined>;
  close(): void;
}

/**
 * Counts in Redis. It may be away, or refuse, at any time, also at the start: then nothing is added, and no caller waits.
 */
export function openRedisCounters(url: string, logger: Logger): RedisCounters {
  const client = openRedisClient(url, logger, {
    commandTimeout: patience,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
  });
  const isReady = (): boolean => client.status === 'ready';
  /** Redis refuses to count, which was logged. */
  let refused = false;

  return {
    async add(news, seconds) {
      if (news.length === 0 || !isReady()) return undefined;
      const pipeline = client.pipeline();
      for (const { key, more } of news) pipeline.incrby(prefix + key, more).expire(prefix + key, seconds);
      try {
        const sums = sumsOf((await pipeline.exec()) ?? []);
        if (refused) logger.info('Redis counts again: rates are shared');
        refused = false;
        return sums;
      } catch (error) {
        // If the connection was lost, the bus says so.
        const isRefusal = isReady();
        const level = isRefusal && !refused ? 'warn' : 'debug';
        logger[level]({ err: error }, 'Redis does not count: each node counts for itself');
        refused ||= isRefusal;
        return undefined;
      }
    },
    close: () => client.disconnect(),
  };
}

/** @throws what Redis refused, or an error if an answer is not a sum */
function sumsOf(answers: readonly (readonly [Error | null, unknown])[]): number[] {
  return answers
    .filter((_, index) => index % 2 === 0)
    .map(([error, sum]) => {
      if (error) throw error;
      if (typeof sum !== 'number') throw new Error('Redis answered INCRBY with something that is not a number');
      return sum;
    });
}
