import type { Health } from '../../operator/health.ts';
import type { ProjectorState } from '../../projections/projector.ts';
import type { Readiness } from './probes.ts';

/** Lag of the views from which on the process reports `degraded`. */
const maxLagSeconds = 5;

/** What this process knows about itself. */
export interface ProcessState {
  /** The version of the program. */
  readonly release: string;
  /** Undefined if no Redis is configured. */
  readonly redisConnected: boolean | undefined;
  /** Undefined if this process does not project. */
  readonly projector: ProjectorState | undefined;
}

/**
 * Reads the current state of the process; nothing is cached.
 * @param readHealth rejects if the database does not answer in time: it is unreachable then, as callers would have to wait
 */
export async function readReadiness(
  readHealth: () => Promise<Health>,
  { release, redisConnected, projector: own }: ProcessState,
): Promise<Readiness> {
  const redis = redisConnected === undefined ? 'not used' : redisConnected ? 'connected' : 'disconnected';
  const health = await readHealth().catch(() => undefined);
  if (!health) return { status: 'unavailable', database: 'unreachable', redis };
  const { isReadOnly, lagEvents, lagSeconds } = health;
  const parkedStreams = Object.values(health.parkedStreams).reduce((sum, streams) => sum + streams, 0);
  const projector = projectorOf(health, own);
  const otherReleases = [...new Set(health.processes.map(one => one.release))].filter(one => one !== release).sort();
  const isDegraded =
    isReadOnly ||
    lagSeconds > maxLagSeconds ||
    parkedStreams > 0 ||
    projector !== 'running' ||
    otherReleases.length > 0 ||
    redisConnected === false;
  return {
    status: isDegraded ? 'degraded' : 'ready',
    release,
    otherReleases,
    database: isReadOnly ? 'read-only' : 'ok',
    log: { position: health.head },
    views: { position: health.projected, lagEvents, lagSeconds, parkedStreams },
    projector,
    redis,
  };
}

/** Its own projector counts at once; those of other processes as long as they report themselves. */
function projectorOf(
  { isReadOnly, isProjectorFailed, processes }: Health,
  own: ProjectorState | undefined,
): 'running' | 'failed' | 'missing' | 'waiting for writes' {
  if (isReadOnly) return 'waiting for writes';
  if (isProjectorFailed || own === 'failed') return 'failed';
  const isRunning = own === 'active' || own === 'standby' || processes.some(one => one.roles.includes('projector'));
  return isRunning ? 'running' : 'missing';
}
