import { inTime } from './in-time.ts';
import type { Readiness } from './graphql/probes.ts';
import type { Lag } from './projections/lag.ts';

/** A database that takes longer is one that callers would wait for too, ms. */
const patience = 2_000;
/** Seconds that the views may be behind before it is said. */
const tolerableLag = 5;

/**
 * What a process can say of itself right now, by asking: nothing is remembered from before.
 * @param redisConnected undefined where there is none to be connected to
 */
export async function readReadiness(
  readLag: () => Promise<Lag>,
  redisConnected: boolean | undefined,
): Promise<Readiness> {
  const redis = redisConnected === undefined ? 'not used' : redisConnected ? 'connected' : 'disconnected';
  const lag = await inTime(readLag(), patience);
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
