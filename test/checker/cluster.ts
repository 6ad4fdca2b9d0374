import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { startRedis } from '../support/private-redis.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const nodeCount = 3;
const projectorCount = 2;
/** One pushed message of Redis pub/sub, of however many that come in one piece. */
const pushed = /\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n[^\r]*\r\n/g;

/** Three API nodes and two projectors, each reached, and each reaching Redis and PostgreSQL, through what can be cut. */
export interface Cluster {
  /** Where each node is reached, whichever process it is now. */
  readonly urls: readonly string[];
  /** Loses that part of the hints from now on; the answer of `lost` begins anew. */
  loseHints(part: number): void;
  /** Hints lost since. */
  readonly lost: number;
  // Each answers how many connections were open: those that it broke.
  cutSockets(nodes: readonly number[]): number;
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
  const postgresProxy = await openTcpProxy(addressOf(database));
  const env = {
    DATABASE_URL: through(database, postgresProxy),
    REDIS_URL: through(redis.url, redisProxy),
    LIMIT_CUSTOMER_RATE: '1000000',
    LIMIT_COST: '1000000',
    LOG_LEVEL: 'warn',
  };
  const start = (ROLES: string): Promise<SpawnedApp> => spawnApp({ ...env, ROLES }, folder);
  const roles = [...Array<string>(nodeCount).fill('api'), ...Array<string>(projectorCount).fill('projector')];
  const processes: SpawnedApp[] = [];
  // One after the other: all at once, none would be there in time on a busy machine.
  for (const role of roles) processes.push(await start(role));
  const proxies = await Promise.all(processes.slice(0, nodeCount).map(({ url }) => openTcpProxy(addressOf(url))));
  let lost = 0;

  async function killed(place: number): Promise<void> {
    await processes[place]!.kill('SIGKILL');
    processes[place] = await start(roles[place]!);
  }

  function cut(proxy: TcpProxy): number {
    const { connections } = proxy;
    proxy.cut('reset');
    return connections;
  }

  return {
    urls: proxies.map(({ port }) => `http://127.0.0.1:${port}`),
    loseHints(part) {
      lost = 0;
      redisProxy.filter(bytes => {
        const text = bytes.toString('latin1');
        const left = text.replace(pushed, message => {
          if (random() >= part) return message;
          lost++;
          return '';
        });
        return Buffer.from(left, 'latin1');
      });
    },
    get lost() {
      return lost;
    },
    cutSockets: nodes => nodes.reduce((sum, node) => sum + cut(proxies[node]!), 0),
    cutRedis: () => cut(redisProxy),
    cutPostgres: () => cut(postgresProxy),
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
      for (const proxy of [...proxies, redisProxy, postgresProxy]) await proxy.close();
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
