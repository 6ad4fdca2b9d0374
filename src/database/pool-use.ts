import type { Pool } from 'pg';

/** What the connections of a pool do, for metrics. */
export interface PoolUse {
  readonly pool: 'query' | 'look_up';
  readonly maximum: number;
  readonly open: number;
  /** Of the open ones, those that no statement uses. */
  readonly idle: number;
  /** Statements that wait for a connection at this moment. */
  readonly waiting: number;
  /** Statements that had to wait for a connection, since the start. */
  readonly waits: number;
  /** The sum of their waits, also of those that waited in vain. */
  readonly waitSeconds: number;
}

type Connect = (callback?: (...results: never[]) => void) => unknown;

/**
 * Measures the waits for connections of a pool. Every statement takes its connection by `connect`, also those of
 * Prisma's client. A statement that finds a connection pays two comparisons for this.
 */
export function measurePool(name: PoolUse['pool'], pool: Pool, maximum: number): () => PoolUse {
  const connect = pool.connect.bind(pool) as Connect;
  let waits = 0;
  let waitMs = 0;

  function measuredConnect(callback?: (...results: never[]) => void): unknown {
    if (pool.idleCount > 0 || pool.totalCount < maximum) return connect(callback);
    waits++;
    const start = performance.now();
    const end = (): void => void (waitMs += performance.now() - start);
    if (callback === undefined) return (connect() as Promise<unknown>).finally(end);
    return connect((...results) => {
      end();
      callback(...results);
    });
  }

  pool.connect = measuredConnect as typeof pool.connect;
  return () => ({
    pool: name,
    maximum,
    open: pool.totalCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
    waits,
    waitSeconds: waitMs / 1000,
  });
}
