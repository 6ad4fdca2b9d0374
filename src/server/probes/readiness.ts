import { withTimeout } from '../../async/timeout.ts';
import type { Readiness } from './probes.ts';
import type { Lag } from '../../projections/lag.ts';

/** A database that answers later is reported as unreachable, because callers would have to wait, too. */
const databaseTimeoutMs = 2_000;
/** Lag of the views from which on the process reports `degraded`. */
const maxLagSeconds = 5;

/**
 * Reads the current state of the process; nothing is cached.
 * @param redisConnected undefined if no Redis is configured
 */
export async function readReadiness(
  readLag: () => Promise<Lag>,
  redisConnected: boolean | undefined,
): Promise<Readiness> {
  const redis = redisConnected === undefined ? 'not used' : redisConnected ? 'connected' : 'disconnected';
  const lag = await withTimeout(readLag(), databaseTimeoutMs);
  if (!lag) return { status: 'unavailable', database: 'unreachable', redis };
  const behind = lag.seconds > maxLagSeconds;
  return {
    status: behind || redisConnected === false ? 'degraded' : 'ready',
    database: 'ok',
    log: { position: lag.head },
    views: { position: lag.projected, lagEvents: lag.events, lagSeconds: lag.seconds },
    redis,
  };
}
