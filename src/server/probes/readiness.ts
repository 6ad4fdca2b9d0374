import { withTimeout } from '../../async/timeout.ts';
import type { Readiness } from './probes.ts';
import type { Lag } from '../../projections/lag.ts';

/** A database that takes longer is reported as not ready, because callers would wait too, ms. */
const patience = 2_000;
/** The views may be this far behind before the process reports it, s. */
const tolerableLag = 5;

/**
 * The current state of a process, read on each call: nothing is cached.
 * @param redisConnected undefined if no Redis is configured
 */
export async function readReadiness(
  readLag: () => Promise<Lag>,
  redisConnected: boolean | undefined,
): Promise<Readiness> {
  const redis = redisConnected === undefined ? 'not used' : redisConnected ? 'connected' : 'disconnected';
  const lag = await withTimeout(readLag(), patience);
  if (!lag) return { status: 'unavailable', database: 'unreachable', redis };
  const behind = lag.seconds > tolerableLag;
  return {
    status: behind || redisConnected === false ? 'degraded' : 'ready',
    database: 'ok',
    log: { position: lag.head },
    views: { position: lag.projected, lagEvents: lag.events, lagSeconds: lag.seconds },
    redis,
  };
}
