import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '../../src/live/bus.ts';
import { openRedisBus } from '../../src/live/redis-bus.ts';
import type { RedisLocation } from '../../src/live/redis-location.ts';
import { openRedisCounters, type RedisCounters } from '../../src/server/limits/redis-counters.ts';
import { StartError } from '../../src/start-error.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../support/eventually.ts';
import { type LogLine, logLines } from '../support/log-lines.ts';
import { type RedisServer, startRedis } from '../support/private-redis.ts';
import {
  type Certificate,
  makeCertificates,
  type RedisCluster,
  startCluster,
  startWatchedRedis,
  type WatchedRedis,
} from '../support/redis-topologies.ts';
import { describeWithRedis, redisAt } from '../support/redis.ts';

/** What a process uses Redis for. */
interface Node {
  readonly bus: Bus;
  readonly counters: RedisCounters;
  /** Positions of the hints that it received. */
  readonly heard: number[];
  readonly lines: readonly LogLine[];
}

const opened: Node[] = [];
afterEach(async () => {
  for (const { bus, counters } of opened.splice(0)) {
    await bus.close();
    counters.close();
  }
});

async function openNode(at: RedisLocation | Promise<RedisLocation>): Promise<Node> {
  const { logger, lines } = logLines();
  const bus = await openRedisBus(await at, logger);
  const heard: number[] = [];
  bus.subscribe('projected', ({ to }) => void heard.push(to.point));
  const node = { bus, counters: openRedisCounters(await at, logger), heard, lines };
  opened.push(node);
  return node;
}

let points = 0;
async function expectHints(from: Node, to: Node): Promise<void> {
  await eventually(() => {
    from.bus.publish('projected', { to: { point: ++points, hash: 'abcdefabcdef' } });
    return eventually(() => expect(to.heard).toContain(points), 100);
  });
}

/** Both nodes count into the same counters, which can be lost while Redis changes. */
async function expectSharedCounts(one: Node, other: Node): Promise<void> {
  await eventually(async () => {
    const keys = [crypto.randomUUID(), crypto.randomUUID()];
    const add = (node: Node) =>
      node.counters.add(
        keys.map((key, index) => ({ key, by: index + 1 })),
        10,
      );
    expect([await add(one), await add(other)]).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });
}

const warnings = (lines: readonly LogLine[]) => lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
const isAway = 'Redis is away: updates come by looking at the database until it is back';

describeWithRedis('a master that sentinels watch', () => {
  let redis: WatchedRedis;
  const settings = () => ({ REDIS_SENTINELS: `redis://:sentinel-word@127.0.0.1:1, ${redis.sentinel}` });
  const master = () => redisAt('redis://:word@orders', settings());
  beforeAll(async () => {
    redis = await startWatchedRedis('orders', 'word', 'sentinel-word');
  });
  afterAll(() => redis.stop());

  test('is found by its name, with passwords of its own and of the sentinels, also if a sentinel is down', async () => {
    const [one, other] = [await openNode(master()), await openNode(master())];
    expect(one.bus.isConnected()).toBe(true);
    await expectHints(one, other);
    await expectSharedCounts(one, other);
    expect(warnings(one.lines)).toEqual([]);
  });

  test('is away while no sentinel answers at the start, which is logged once, and used as soon as one does', async () => {
    await redis.stopSentinel();
    const node = await openNode(master());
    expect(node.bus.isConnected()).toBe(false);
    expect(warnings(node.lines)).toEqual([isAway]);
    await redis.startSentinel();
    await eventually(() => expect(node.bus.isConnected()).toBe(true));
    await expectHints(node, node);
  });

  test('is followed to its replica after it died: hints arrive and counts are shared again', async () => {
    const [one, other] = [await openNode(master()), await openNode(master())];
    await redis.master.stop('SIGKILL');
    await eventually(() => expect([one.bus.isConnected(), other.bus.isConnected()]).toEqual([false, false]));
    await eventually(() => expect([one.bus.isConnected(), other.bus.isConnected()]).toEqual([true, true]));
    await expectHints(one, other);
    await expectSharedCounts(one, other);
  });
});

describeWithRedis('a cluster', () => {
  let cluster: RedisCluster;
  const nodes = (...numbers: number[]) => redisAt(numbers.map(number => cluster.nodes[number]!.url).join(','));
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  test('carries hints between processes that use different nodes, and counts for all of them together', async () => {
    const [one, other, third] = [await openNode(nodes(0, 1, 2)), await openNode(nodes(1, 2)), await openNode(nodes(2))];
    await expectHints(one, other);
    await expectHints(other, third);
    await expectSharedCounts(one, other);
    await expectSharedCounts(other, third);
    expect(warnings([...one.lines, ...other.lines, ...third.lines])).toEqual([]);
  });

  test('is counted in after the counters were moved to another node', async () => {
    const [one, other] = [await openNode(nodes(0, 1, 2)), await openNode(nodes(1, 2))];
    await expectSharedCounts(one, other);
    const [first] = cluster.nodes;
    const slot = await cluster.cli(first!, 'cluster', 'keyslot', '{rate}');
    const counts = await Promise.all(cluster.nodes.map(node => cluster.cli(node, 'cluster', 'countkeysinslot', slot)));
    const owner = cluster.nodes[counts.findIndex(count => count !== '0')]!;
    const target = cluster.nodes.find(node => node !== owner)!;
    const ownerId = await cluster.cli(owner, 'cluster', 'myid');
    const targetId = await cluster.cli(target, 'cluster', 'myid');
    await cluster.cli(target, 'cluster', 'setslot', slot, 'importing', ownerId);
    await cluster.cli(owner, 'cluster', 'setslot', slot, 'migrating', targetId);
    for (const key of (await cluster.cli(owner, 'keys', '*')).split('\n')) await cluster.cli(owner, 'del', key);
    for (const node of [target, owner, ...cluster.nodes]) {
      await cluster.cli(node, 'cluster', 'setslot', slot, 'node', targetId);
    }
    await expectSharedCounts(one, other);
    expect(await cluster.cli(target, 'cluster', 'countkeysinslot', slot)).not.toBe('0');
  });

  test('is used through another node after a node died, also by a process that starts then', async () => {
    const [one, other] = [await openNode(nodes(0, 1, 2)), await openNode(nodes(1, 2))];
    await cluster.nodes[0]!.stop('SIGKILL');
    await eventually(() => expect(one.bus.isConnected()).toBe(false));
    await eventually(() => expect(one.bus.isConnected()).toBe(true));
    await expectHints(other, one);
    const late = await openNode(nodes(0, 1, 2));
    expect(late.bus.isConnected()).toBe(true);
    await expectHints(one, late);
    await cluster.nodes[0]!.start();
  });

  test('ends the start with one line if the URL has the number of a database', async () => {
    const { url } = cluster.nodes[1]!;
    const starting = openRedisBus(await redisAt(`${url}/3`), openLogger('silent'));
    await expect(starting).rejects.toThrow(/^REDIS_URL: .*SELECT is not allowed in cluster mode$/);
  });
});

describeWithRedis('several servers that are no cluster', () => {
  test('end the start with one line: each process could use another one', async () => {
    const [one, other] = [await startRedis(), await startRedis()];
    const starting = openRedisBus(await redisAt(`${one.url},${other.url}`), openLogger('silent'));
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(
      /^REDIS_URL: several servers must be the nodes of one cluster, and these are none$/,
    );
    await Promise.all([one.stop('SIGKILL'), other.stop('SIGKILL')]);
  });
});

describeWithRedis('a Redis with TLS that asks clients for a certificate', () => {
  let folder: string;
  let files: Record<'ca' | 'server' | 'client', Certificate>;
  let redis: RedisServer;
  const at = (settings: NodeJS.ProcessEnv) => redisAt(redis.url.replace('redis:', 'rediss:'), settings);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderstream-tls-'));
    files = await makeCertificates(folder);
    const { ca, server } = files;
    redis = await startRedis(port => [
      ...['--port', '0', '--tls-port', `${port}`, '--tls-ca-cert-file', ca.cert],
      ...['--tls-cert-file', server.cert, '--tls-key-file', server.key, '--tls-auth-clients', 'yes'],
    ]);
  });
  afterAll(async () => {
    await redis.stop('SIGKILL');
    await rm(folder, { recursive: true });
  });

  test('is used with the files of an authority, of a certificate and of its key', async () => {
    const { ca, client } = files;
    const settings = {
      REDIS_TLS_CA_FILE: ca.cert,
      REDIS_TLS_CERT_FILE: client.cert,
      REDIS_TLS_KEY_FILE: client.key,
    };
    const [one, other] = [await openNode(at(settings)), await openNode(at(settings))];
    expect(one.bus.isConnected()).toBe(true);
    await expectHints(one, other);
    await expectSharedCounts(one, other);
    expect(warnings(one.lines)).toEqual([]);
  });

  test.each<[string, () => NodeJS.ProcessEnv]>([
    ['without an authority that vouches for it', () => ({})],
    ['without a certificate of the client', () => ({ REDIS_TLS_CA_FILE: files.ca.cert })],
  ])('is away %s', async (_, settings) => {
    const node = await openNode(at(settings()));
    expect(node.bus.isConnected()).toBe(false);
    expect(warnings(node.lines)).toEqual([isAway]);
  });

  describe('a file that cannot be used ends the start with one line', () => {
    test.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
      [
        'a missing file',
        () => ({ REDIS_TLS_CA_FILE: join(folder, 'none') }),
        /^REDIS_TLS_CA_FILE: \S+ cannot be used: ENOENT/,
      ],
      [
        'a file that is no certificate',
        () => ({ REDIS_TLS_CA_FILE: files.ca.key }),
        /^REDIS_TLS_CA_FILE: \S+ cannot be used: /,
      ],
      [
        'a key of another certificate',
        () => ({ REDIS_TLS_CERT_FILE: files.client.cert, REDIS_TLS_KEY_FILE: files.server.key }),
        /^REDIS_TLS_KEY_FILE: \S+ cannot be used: .*key values mismatch/,
      ],
    ])('%s', async (_, settings, line) => {
      const locating = at(settings());
      await expect(locating).rejects.toThrow(StartError);
      await expect(locating).rejects.toThrow(line);
    });
  });
});
