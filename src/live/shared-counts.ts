import { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';

const prefix = 'orderstream:rate:';
/** An answer that takes longer is not waited for, ms: what it would say is old by then. */
const patience = 1_000;

/** Numbers that nodes add up together. */
export interface SharedCounts {
  /** Adds to each, and answers the sums; undefined where Redis is away. `seconds` until they are forgotten. */
  add(
    news: readonly { readonly key: string; readonly more: number }[],
    seconds: number,
  ): Promise<readonly number[] | undefined>;
  close(): void;
}

/** Counts in Redis. It may be away at any time, also at the start: then nobody adds, and nobody waits. */
export function openSharedCounts(url: string, logger: Logger): SharedCounts {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: patience,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
  });
  client.on('error', (error: Error) => {
    logger.debug({ err: error }, 'Redis connection error');
  });
  return {
    async add(news, seconds) {
      if (news.length === 0 || client.status !== 'ready') return undefined;
      const pipeline = client.pipeline();
      for (const { key, more } of news) pipeline.incrby(prefix + key, more).expire(prefix + key, seconds);
      try {
        const answers = (await pipeline.exec()) ?? [];
        return news.map((_, index) => Number(answers[2 * index]?.[1] ?? 0));
      } catch (error) {
        logger.debug({ err: error }, 'rates were not shared');
        return undefined;
      }
    },
    close: () => client.disconnect(),
  };
}
