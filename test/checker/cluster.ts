import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { hintsOf } from '../support/hints.ts';
import { startRedis } from '../support/private-redis.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const nodeCount = 3;
const projectorCount = 2;
/** Delay of a late answer of PostgreSQL, ms: longer than a change takes to reach its subscribers. */
const lateness = 150;
/**
 * The reads of the hubs are never late; otherwise all reads of subscribers would be in time for them. A column of
 * each hub's statement identifies it.
 */
const hubColumns = ['scopes\0', 'grown\0'];

/** Three API nodes and two projectors. Every connection to them, to Redis and to PostgreSQL can be cut. */
export interface Cluster {
  /** URL of each node, independent of the current process. */
  readonly urls: readonly string[];
  /** From now on drops that share of the hints; see `Hints`. */
  loseHints(part: number): void;
  readonly lost: number;
  /** From now on delays that share of PostgreSQL's answers to the nodes, 0 to 1. */
  delayAnswers(part: number): void;
  /** Total number of delayed answers. */
  readonly late: number;
  // Each returns the number of connections that it cut.
  /** @param part share of the connections, chosen at random */
  cutSockets(nodes: readonly number[], part?: number): number;
  cutRedis(): number;
  cutPostgres(): number;
  killNode(node: number): Promise<number>;
  killProjector(projector: number): Promise<number>;
  killRedis(): Promise<number>;
  /** @returns the exit codes of all processes after SIGTERM */
  stop(): Promise<(number | null)[]>;
}

/**
 * @param database URL of a migrated database
 * @param folder folder whose src/ runs; default: this project's
 */
export async function openCluster(database: string, random: () => number, folder?: string): Promise<Cluster> {
  const redis = await startRedis();
  const redisProxy = await openTcpProxy(addressOf(redis.url));
  const postgresProxies = {
    api: await openTcpProxy(addressOf(database)),
    projector: await openTcpProxy(addressOf(database)),
  };
  const env = {
    REDIS_URL: through(redis.url, redisProxy),
    LIMIT_CUSTOMER_RATE: '1000000',
    LIMIT_COST: '1000000',
    LOG_LEVEL: 'warn',
  };
  const start = (ROLES: keyof typeof postgresProxies): Promise<SpawnedApp> =>
    spawnApp({ ...env, DATABASE_URL: through(database, postgresProxies[ROLES]), ROLES }, folder);
  const roles = [...Array<'api'>(nodeCount).fill('api'), ...Array<'projector'>(projectorCount).fill('projector')];
  const processes: SpawnedApp[] = [];
  // One after another: if all started at once, a busy machine would miss the start limit.
  for (const role of roles) processes.push(await start(role));
  const proxies = await Promise.all(processes.slice(0, nodeCount).map(({ url }) => openTcpProxy(addressOf(url))));
  const hints = hintsOf([redisProxy], random);
  let late = 0;

  async function killed(place: number): Promise<void> {
    await processes[place]!.kill('SIGKILL');
    processes[place] = await start(roles[place]!);
  }

  function cut(proxy: TcpProxy, part = 1): number {
    const { harmed } = proxy;
    proxy.cut('reset', () => random() < part);
    return proxy.harmed - harmed;
  }

  return {
    urls: proxies.map(({ port }) => `http://127.0.0.1:${port}`),
    loseHints: part => hints.lose(part),
    get lost() {
      return hints.lost;
    },
    delayAnswers: part =>
      postgresProxies.api.delay(bytes => {
        if (hubColumns.some(name => bytes.includes(name)) || random() >= part) return 0;
        late++;
        return lateness;
      }),
    get late() {
      return late;
    },
    cutSockets: (nodes, part) => nodes.reduce((sum, node) => sum + cut(proxies[node]!, part), 0),
    cutRedis: () => cut(redisProxy),
    cutPostgres: () => cut(postgresProxies.api) + cut(postgresProxies.projector),
    async killNode(node) {
      const { connections } = proxies[node]!;
      await killed(node);
      proxies[node]!.aim(addressOf(processes[node]!.url));
      return connections;
    },
    async killProjector(projector) {
      await killed(nodeCount + projector);
      return 1;
    },
    async killRedis() {
      const { connections } = redisProxy;
      await redis.stop('SIGKILL');
      await redis.start();
      return connections;
    },
    async stop() {
      const codes = await Promise.all(processes.map(one => one.stop()));
      for (const proxy of [...proxies, redisProxy, ...Object.values(postgresProxies)]) await proxy.close();
      await redis.stop();
      return codes;
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function through(url: string, { port }: TcpProxy): string {
  const other = new URL(url);
  other.host = `127.0.0.1:${port}`;
  return other.href;
}
