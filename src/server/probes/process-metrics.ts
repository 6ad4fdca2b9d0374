import { Counter, Gauge, type Registry } from 'prom-client';
import type { PoolUse } from '../../database/pool-use.ts';
import { type ProjectorState, projectorStates } from '../../projections/projector.ts';

/** What this process knows without asking anyone. */
export interface ProcessSources {
  /** The version of the program. */
  readonly release: string;
  /** Undefined without Redis. */
  readonly redisConnected: () => boolean | undefined;
  /** Undefined if this process does not project. */
  readonly projector: () => ProjectorState | undefined;
  readonly poolUse: readonly (() => PoolUse)[];
}

/** @returns reads the sources into the gauges */
export function openProcessMetrics(registers: Registry[], sources: ProcessSources): () => void {
  new Gauge({
    name: 'orderstream_build_info',
    help: 'Always 1; the label has the release.',
    labelNames: ['version'],
    registers,
  }).set({ version: sources.release }, 1);
  const redis = new Gauge({
    name: 'orderstream_redis_connected',
    help: '1 while Redis is connected; absent if no Redis is configured.',
    registers,
  });
  const projector = new Gauge({
    name: 'orderstream_projector_state',
    help: '1 for the state of the projector of this process, 0 for the others; absent if the process does not project.',
    labelNames: ['state'],
    registers,
  });
  const connections = new Gauge({
    name: 'orderstream_database_pool_connections',
    help: 'Connections to PostgreSQL by pool and state.',
    labelNames: ['pool', 'state'],
    registers,
  });
  const maximum = new Gauge({
    name: 'orderstream_database_pool_max_connections',
    help: 'The size of each pool.',
    labelNames: ['pool'],
    registers,
  });
  const waiting = new Gauge({
    name: 'orderstream_database_pool_waiting_statements',
    help: 'Statements that wait for a connection.',
    labelNames: ['pool'],
    registers,
  });
  const waits = new Counter({
    name: 'orderstream_database_pool_waits_total',
    help: 'Statements that had to wait for a connection.',
    labelNames: ['pool'],
    registers,
  });
  const waitSeconds = new Counter({
    name: 'orderstream_database_pool_wait_seconds_total',
    help: 'Time that statements have waited for a connection.',
    labelNames: ['pool'],
    registers,
  });

  return () => {
    const connected = sources.redisConnected();
    if (connected === undefined) redis.remove();
    else redis.set(Number(connected));
    const state = sources.projector();
    if (state !== undefined) for (const one of projectorStates) projector.set({ state: one }, Number(one === state));
    for (const counter of [waits, waitSeconds]) counter.reset();
    for (const use of sources.poolUse.map(read => read())) {
      const { pool } = use;
      connections.set({ pool, state: 'used' }, use.open - use.idle);
      connections.set({ pool, state: 'idle' }, use.idle);
      maximum.set({ pool }, use.maximum);
      waiting.set({ pool }, use.waiting);
      waits.inc({ pool }, use.waits);
      waitSeconds.inc({ pool }, use.waitSeconds);
    }
  };
}
