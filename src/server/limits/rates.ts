import type { Closers } from '../../async/closers.ts';
import type { Limits } from '../../config.ts';
import type { RedisLocation } from '../../live/redis-location.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { openRateLimiter } from './rate.ts';
import { openRedisCounters } from './redis-counters.ts';

/** The rate limiters of a node, which share one connection to Redis. @param redis undefined: this node counts alone */
export function openRates(limits: Limits, redis: RedisLocation | undefined, logger: Logger, closers: Closers) {
  const shared = redis && openRedisCounters(redis, logger.child({ component: 'rate' }));
  const rate = openRateLimiter(
    { customer: limits.customerRate, staff: limits.staffRate, operator: limits.staffRate },
    shared,
  );
  const unauthenticatedRate = openRateLimiter({ address: limits.addressRate }, shared);
  closers.push(() => {
    rate.close();
    unauthenticatedRate.close();
    shared?.close();
  });
  return { rate, unauthenticatedRate };
}
