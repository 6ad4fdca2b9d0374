import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type Child, printed, startChild, stopChild } from './child.ts';
import { eventually } from './eventually.ts';
import { onFreePort } from './free-port.ts';
import { type RedisServer, startRedis } from './private-redis.ts';

const run = promisify(execFile);

/** A master and a replica, and the sentinel that promotes the replica if the master is lost. */
export interface WatchedRedis {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** URL of the sentinel. */
  readonly sentinel: string;
  stopSentinel(): Promise<void>;
  startSentinel(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param name of the master at the sentinel
 * @param password of the servers
 * @param sentinelPassword of the sentinel
 */
export async function startWatchedRedis(
  name: string,
  password: string,
  sentinelPassword: string,
): Promise<WatchedRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-sentinel-'));
  const secrets = ['--requirepass', password, '--masterauth', password];
  const master = await startRedis(() => [...secrets, '--dir', folder]);
  const { port: masterPort } = new URL(master.url);
  const replica = await startRedis(() => [...secrets, '--dir', folder, '--replicaof', '127.0.0.1', masterPort]);

  const file = join(folder, 'sentinel.conf');
  const start = async (port: number): Promise<Child> => {
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `requirepass ${sentinelPassword}`,
      `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
      `sentinel auth-pass ${name} ${password}`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 3000`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`); // the sentinel writes what it learns into its own file
    const child = startChild('redis-server', [file, '--sentinel'], { scratch: folder });
    await printed(child, /\+slave /, 30_000);
    return child;
  };
  const { port, opened } = await onFreePort(start, /could not create server|already in use/i);
  let child = opened;
  return {
    master,
    replica,
    sentinel: `redis://:${sentinelPassword}@127.0.0.1:${port}`,
    stopSentinel: () => stopChild(child, 'SIGKILL'),
    startSentinel: async () => void (child = await start(port)),
    async stop() {
      await Promise.all([stopChild(child, 'SIGKILL'), master.stop('SIGKILL'), replica.stop('SIGKILL')]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Runs `redis-cli` with a node. */
  cli(node: RedisServer, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Three masters, which share the slots. */
export async function startCluster(): Promise<RedisCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-cluster-'));
  const start = () =>
    startRedis(port => [
      ...['--cluster-enabled', 'yes', '--cluster-port', `${port + 1}`, '--cluster-node-timeout', '5000'],
      ...['--dir', folder, '--cluster-config-file', `nodes-${port}.conf`, '--cluster-require-full-coverage', 'no'],
    ]);
  const nodes = await Promise.all([start(), start(), start()]);
  const cli = async (node: RedisServer, ...args: string[]): Promise<string> => {
    const { stdout } = await run('redis-cli', ['-p', new URL(node.url).port, ...args]);
    return stdout.trim();
  };
  const addresses = nodes.map(({ url }) => new URL(url).host);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  // Each node rejects commands until it has heard of all slots.
  for (const node of nodes) {
    await eventually(async () => expect(await cli(node, 'cluster', 'info')).toContain('cluster_state:ok'));
  }
  return {
    nodes,
    cli,
    async stop() {
      await Promise.all(nodes.map(node => node.stop('SIGKILL')));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PEM files of an authority, and of a server and a client that it vouches for. */
export async function makeCertificates(folder: string): Promise<Record<'ca' | 'server' | 'client', Certificate>> {
  const certificate = (name: string): Certificate => ({
    cert: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  });
  const [ca, server, client] = [certificate('ca'), certificate('server'), certificate('client')];
  const openssl = (...args: string[]) => run('openssl', args);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout'];
  await openssl('req', '-x509', ...key, ca.key, '-subj', '/CN=authority', '-days', '2', '-out', ca.cert);
  const extensions = join(folder, 'extensions');
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1');
  for (const one of [server, client]) {
    const request = `${one.cert}.request`;
    await openssl('req', '-new', ...key, one.key, '-subj', '/CN=127.0.0.1', '-out', request);
    const by = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-extfile', extensions];
    await openssl('x509', '-req', '-in', request, ...by, '-days', '2', '-out', one.cert);
  }
  return { ca, server, client };
}

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}
