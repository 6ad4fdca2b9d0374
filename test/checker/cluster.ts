import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { hintsOf } from '../support/hints.ts';
import { startRedis } from '../support/private-redis.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const nodeCount = 3;
const projectorCount = 2;
/** So late is an answer of PostgreSQL that is late, ms: longer than a change takes to those who wait for it. */
const lateness = 150;
/** What hubs read is never late, or all that subscribers read would be in time for it. A column of each one's statement. */
const hubColumns = ['scopes\0', 'grown\0'];

/** Three API nodes and two projectors, each reached, and each reaching Redis and PostgreSQL, through what can be cut. */
export interface Cluster {
  /** Where each node is reached, whichever process it is now. */
  readonly urls: readonly string[];
  /** Loses that part of the hints from now on; see `Hints`. */
  loseHints(part: number): void;
  readonly lost: number;
  /** Lets that part of what PostgreSQL answers to the nodes come late from now on, 0 to 1. */
  delayAnswers(part: number): void;
  /** How many did, in all. */
  readonly late: number;
  // Each answers how many connections were open: those that it broke.
  /** @param part of them, by chance */
  cutSockets(nodes: readonly number[], part?: number): number;
  cutRedis(): number;
  cutPostgres(): number;
  killNode(node: number): Promise<number>;
  killProjector(projector: number): Promise<number>;
  killRedis(): Promise<number>;
  /** @returns the exit codes of all processes, asked to end */
  stop(): Promise<(number | null)[]>;
}

/**
 * @param database its URL, migrated
 * @param folder whose src/ is run: this project's where left out
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
  // One after the other: all at once, none would be there in time on a busy machine.
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
