import { type Client, createClient as createStockClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient as createResumingClient } from '../../src/client/graphql-ws.ts';
import { formatPosition } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { spawnApp } from '../support/app.ts';
import { startCommandRun } from '../support/command-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLogHolds, expectViewsEqualTheFold } from '../support/everything-kept.ts';
import { noteOpen } from '../support/left-open.ts';
import { plainLog, viewRows } from '../support/plain-fold.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { soon, stopwatch } from '../support/standstill.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { openNode } from '../support/test-node.ts';
import { staffToken } from '../support/tokens.ts';

const clientsOfAKind = 8;
/** Maximum time for which a client is without its subscription, ms. */
const longestAway = { ours: 2_000, stock: 6_000 };

/** The message of fetch if the other side closes a connection. */
const closedConnection = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** One client and what it has received. */
interface Watcher {
  readonly kind: keyof typeof longestAway;
  readonly positions: string[];
  readonly errors: unknown[];
  readonly closeCodes: number[];
  /** Times from a close to the first frame after it, ms in which the machine ran. */
  readonly away: number[];
  /** The last pushed version of each order; only for clients that resume. */
  readonly versions: Map<string, number>;
  readonly client: Client;
}

describeWithRedis('all nodes restarted, one after the other, under load', () => {
  test('every client is back within 2 s with our retry and 6 s with graphql-ws’s own, no client misses or repeats an event, and every stop ends well', async () => {
    const database = await freshDatabase();
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl(), LIMIT_CUSTOMER_RATE: '1000000' };
    const roles = ['api', 'api', 'projector'];
    const processes = await Promise.all(roles.map(role => spawnApp({ ...env, ROLES: role })));
    // As a load balancer: it knows which node is available.
    const balancer = await openTcpProxy(addressOf(processes[0]!.url));
    const address = `http://127.0.0.1:${balancer.port}`;
    const reader = await openNode(database.url);
    const run = await startCommandRun(() => [address], { impatience: 10_000 });
    const token = await staffToken();
    // On a busy machine the first orders are done before a client's subscription starts.
    const start = formatPosition(await readHead(reader.database));
    const watchers = (['ours', 'stock'] as const).flatMap(kind =>
      Array.from({ length: clientsOfAKind }, () => startWatcher(kind, address, { token, start })),
    );
    const everyoneHasSeenMore = () => {
      const before = watchers.map(({ positions }) => positions.length);
      return eventually(() => {
        for (const [index, { positions }] of watchers.entries()) {
          expect(positions.length).toBeGreaterThan(before[index]!);
        }
      });
    };

    run.go();
    await everyoneHasSeenMore();
    for (const [index, role] of roles.entries()) {
      const other = processes[index === 0 ? 1 : 0]!;
      balancer.aim(addressOf(other.url));
      expect(await processes[index]!.stop(), role).toBe(0);
      processes[index] = await spawnApp({ ...env, ROLES: role });
      await everyoneHasSeenMore();
    }
    run.rest();
    await run.end();

    // A kept connection may be closed while the next command is in flight; no other error is allowed.
    expect(run.setbacks.filter(one => !closedConnection.includes(one))).toEqual([]);
    await expectLogHolds(reader.database, run.acknowledged);
    await soon(() => expectViewsEqualTheFold(reader.database), 5_000);
    const log = (await plainLog(reader.database)).map(({ position, hash }) => positionOf(position, hash));
    const orders = await viewRows(reader.database, 'order_view', 'orderId');
    const versions = new Map([...orders].map(([id, { version }]) => [id, version]));
    for (const { kind, positions, errors, closeCodes, away, versions: pushed } of watchers) {
      await eventually(() => expect(positions.at(-1)).toBe(log.at(-1)));
      expect(errors).toEqual([]);
      // Both API processes closed it: it was on the first one, then on the second.
      expect(closeCodes).toEqual([1012, 1012]);
      expect(away).toHaveLength(2);
      expect(Math.max(...away), kind).toBeLessThan(longestAway[kind]);
      if (kind === 'ours') {
        expect(positions).toEqual(log);
        await eventually(() => expect(pushed).toEqual(versions));
      }
      // It subscribes as for the first time, from the first event: all events arrive again, without a gap.
      else expect(positions.slice(positions.lastIndexOf(log[0]!))).toEqual(log);
    }
    for (const kind of ['ours', 'stock'] as const) {
      const away = watchers.filter(one => one.kind === kind).flatMap(one => one.away);
      console.log(`${kind}: away for ${Math.round(Math.max(...away))} ms at most, ${log.length} events each`);
    }

    for (const { client } of watchers) await client.dispose();
    expect(await Promise.all(processes.map(one => one.stop()))).toEqual([0, 0, 0]);
    await balancer.close();
    await reader.close();
    await database.drop();
  });
});

/** @param given.start position after which changes of orders are pushed */
function startWatcher(
  kind: Watcher['kind'],
  address: string,
  { token, start }: { token: string; start: string },
): Watcher {
  const url = `${address.replace(/^http/, 'ws')}/graphql`;
  const socket = { url, webSocketImpl: WebSocket, lazy: false, onNonLazyError: () => undefined };
  const client =
    kind === 'ours'
      ? createResumingClient({ ...socket, token: () => token })
      : createStockClient({ ...socket, connectionParams: { Authorization: `Bearer ${token}` } });
  const note = noteOpen('graphql-ws client', () => client.dispose());
  const watcher: Watcher = { kind, positions: [], errors: [], closeCodes: [], away: [], versions: new Map(), client };
  let gone: (() => number) | undefined;
  let disposed = false;
  client.on('closed', event => {
    if (disposed) return;
    const { code } = event as { readonly code: number };
    watcher.closeCodes.push(code);
    gone ??= stopwatch();
  });
  const ended = () => watcher.errors.push('it ended');
  const frame = 'subscription($after: Position) { eventsAppended(after: $after) { position } }';
  client.subscribe<{ eventsAppended: { position: string } }>(
    { query: frame, variables: {} },
    {
      next: ({ data, errors }) => {
        if (errors) watcher.errors.push(errors);
        if (gone !== undefined) watcher.away.push(gone());
        gone = undefined;
        if (data) watcher.positions.push(data.eventsAppended.position);
      },
      error: error => watcher.errors.push(error),
      complete: ended,
    },
  );
  if (kind === 'ours') {
    client.subscribe<{ ordersUpdated: { orderId: string | null; order: { version: number } | null } }>(
      {
        query: 'subscription($after: Position) { ordersUpdated(after: $after) { orderId order { version } } }',
        variables: { after: start },
      },
      {
        next: ({ data, errors }) => {
          if (errors) watcher.errors.push(errors);
          const { orderId, order } = data?.ordersUpdated ?? {};
          if (orderId && order) watcher.versions.set(orderId, order.version);
        },
        error: error => watcher.errors.push(error),
        complete: ended,
      },
    );
  }
  return {
    ...watcher,
    client: {
      ...client,
      dispose: () => {
        disposed = true;
        note.closed();
        return client.dispose();
      },
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function positionOf(point: number, hash: string): string {
  return `${point.toString(16).padStart(13, '0')}-${hash}`;
}
