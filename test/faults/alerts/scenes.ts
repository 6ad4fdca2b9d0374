import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { CreateOrderDocument } from '../../generated/graphql.ts';
import { accepted } from '../../support/accepted.ts';
import { type Environment, spawnApp, startApp } from '../../support/app.ts';
import { damageNextEvents, makeReadOnly, renameNextEvents } from '../../support/broken-database.ts';
import { runCli } from '../../support/cli.ts';
import { eventually } from '../../support/eventually.ts';
import { onDatabase } from '../../support/on-database.ts';
import { post } from '../../support/post.ts';
import { freshDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startRedis } from '../../support/private-redis.ts';
import { redisUrl } from '../../support/redis.ts';
import { added, openShop, registered } from '../../support/shop.ts';
import { stallViews } from '../../support/stalled-views.ts';
import { proxyBefore } from '../../support/tcp-proxy.ts';
import { staffToken, token } from '../../support/tokens.ts';
import { lockViews } from '../../support/unreadable-views.ts';

/** A node, and how it comes into the state that an alert is about. */
export interface Scene {
  /** Root URL of the node's /metrics. */
  readonly probes: string;
  /** A scrape waits up to 2 s for the database. */
  readonly isDatabaseAway?: true;
  readonly provoke: () => Promise<unknown>;
  readonly end: () => Promise<void>;
}

/** A node on a database of its own. `later` registers what is undone at the end, the last first. */
interface Stage {
  readonly database: TestDatabase;
  readonly url: string;
  readonly later: (undo: () => unknown) => void;
}

const products = '{ products { nodes { id } } }';

/** @param open what is there before the alert, apart from the node */
function onNode(
  provoke: (stage: Stage) => Promise<unknown>,
  env: Environment = {},
  open: (database: TestDatabase) => Promise<unknown> = () => Promise.resolve(),
): () => Promise<Scene> {
  return async () => {
    const database = await freshDatabase();
    await open(database);
    const app = await startApp({ DATABASE_URL: database.url, ...env });
    const undo: (() => unknown)[] = [() => database.drop(), () => app.stop()];
    const stage = {
      database,
      url: app.url,
      later: (one: () => unknown) => {
        undo.push(one);
      },
    };
    return {
      probes: app.probes,
      provoke: () => provoke(stage),
      end: async () => {
        for (const one of undo.reverse()) await one();
      },
    };
  };
}

/** The scene of each alert that deploy/prometheus/rules.yml has. */
export const scenes: Readonly<Record<string, () => Promise<Scene>>> = {
  OrderstreamProcessDown: ownProcess(app => app.kill('SIGKILL')),

  OrderstreamDatabaseDown: behindProxy(async ({ refuse }) => refuse()),

  OrderstreamDatabaseReadOnly: onNode(({ database }) => makeReadOnly(database)),

  OrderstreamDatabasePoolExhausted: databaseAway(async ({ database, url, later }) => {
    const locked = await lockViews(database.url, ['product_view']);
    const staff = await staffToken();
    const answers = Array.from({ length: 30 }, (_, index) =>
      post(url, `{ products(first: ${index + 1}) { nodes { id } } }`, {}, { token: staff }),
    );
    later(() => Promise.all(answers));
    later(() => locked.release());
  }),

  OrderstreamRedisDown: async () => {
    const redis = await startRedis();
    return onNode(() => redis.stop(), { REDIS_URL: redis.url })();
  },

  OrderstreamNoProjector: async () => {
    const env = { REDIS_URL: redisUrl(), REDIS_PREFIX: `alerts-${crypto.randomUUID()}:` };
    let stopProjector: (() => Promise<void>) | undefined;
    return onNode(
      () => stopProjector!(),
      { ...env, ROLES: 'api' },
      async database => {
        const projector = await startApp({ ...env, DATABASE_URL: database.url, ROLES: 'projector' });
        stopProjector = projector.stop;
      },
    )();
  },

  OrderstreamProjectorFailed: onNode(async ({ database, url }) => {
    await renameNextEvents(database, 'CustomerPromoted');
    await registered(url);
  }),

  OrderstreamViewsBehind: onNode(async ({ database, url, later }) => {
    later(await stallViews(database.url));
    await registered(url);
  }),

  OrderstreamStreamsParked: onNode(async ({ database, url }) => {
    const customer = await registered(url);
    await damageNextEvents(database, customer.id);
    accepted(await post(url, CreateOrderDocument, { input: {} }, { token: customer.token }));
  }),

  // As if a rebuild by the terminal was killed: nobody folds it.
  OrderstreamRebuildStuck: onNode(({ database }) =>
    onDatabase(database.url, client =>
      client.query(`
        INSERT INTO checkpoints (group_name, generation, live, position, hash)
        SELECT group_name, generation + 1, false, 0, '' FROM checkpoints WHERE live`),
    ),
  ),

  OrderstreamInternalErrors: onNode(async ({ database, url }) => {
    await onDatabase(database.url, client => client.query('ALTER TABLE product_view RENAME TO away'));
    const { errors } = await post(url, products, {}, { token: await staffToken() });
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
  }),

  OrderstreamOperationsFailing: behindProxy(async ({ lose, url }) => {
    lose();
    const { errors } = await post(url, products, {}, { token: await staffToken() });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
  }),

  OrderstreamOperationsSlow: onNode(async ({ database, url }) => {
    const locked = await lockViews(database.url, ['product_view']);
    const answer = post(url, products, {}, { token: await staffToken() });
    await sleep(1_500);
    await locked.release();
    await answer;
  }),

  OrderstreamEventLoopBlocked: ownProcess(async app => {
    await app.kill('SIGSTOP');
    await sleep(1_500);
    await app.kill('SIGCONT');
  }),

  OrderstreamTokensRejected: onNode(async ({ url }) => {
    const forged = await token(
      { role: 'staff', sub: 'mallory' },
      { secret: 'another secret, also of 32 bytes or more' },
    );
    await repeat(400, () => post(url, products, {}, { token: forged }));
  }),

  OrderstreamKeysUnavailable: onNode(
    async ({ url }) => {
      const [header, claims] = [
        { alg: 'RS256', kid: 'new' },
        { sub: 'anna', role: 'staff', exp: 4_000_000_000 },
      ].map(part => Buffer.from(JSON.stringify(part)).toString('base64url'));
      const { errors } = await post(url, products, {}, { token: `${header}.${claims}.AAAA` });
      expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }]);
    },
    { AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: 'http://127.0.0.1:9/keys' },
  ),

  OrderstreamLimitsExceeded: onNode(
    async ({ url }) => {
      const staff = await staffToken();
      await repeat(400, () => post(url, products, {}, { token: staff }));
    },
    { LIMIT_COST: '1' },
  ),

  OrderstreamSlowReaders: onNode(async ({ url, later }) => {
    const sockets = await stoppedReaders(url, 12);
    later(() => sockets.forEach(socket => socket.terminate()));
  }),

  OrderstreamReleasesMixed: onNode(({ database }) =>
    onDatabase(database.url, client =>
      client.query(`
        INSERT INTO processes
        SELECT 'older', '0.0.1', host, roles, started_at, now() + interval '1 hour', 0, 0, 0 FROM processes LIMIT 1`),
    ),
  ),

  OrderstreamVerifyFoundFaults: onNode(async ({ database, url }) => {
    const id = await added(url);
    await eventually(() =>
      onDatabase(database.url, async client => {
        const { rowCount } = await client.query(`UPDATE product_view SET name = 'Coffee' WHERE product_id = $1`, [id]);
        expect(rowCount).toBe(1);
      }),
    );
    expect((await runCli('orderstream', ['verify'], { DATABASE_URL: database.url })).code).toBe(1);
  }),

  OrderstreamVerifyOverdue: onNode(
    ({ database }) =>
      onDatabase(database.url, client =>
        client.query(`UPDATE verification SET verified_at = verified_at - interval '9 days'`),
      ),
    {},
    async database => {
      expect((await runCli('orderstream', ['verify'], { DATABASE_URL: database.url })).code).toBe(0);
    },
  ),
};

function databaseAway(provoke: (stage: Stage) => Promise<unknown>): () => Promise<Scene> {
  return async () => ({ ...(await onNode(provoke)()), isDatabaseAway: true });
}

function ownProcess(provoke: (app: Awaited<ReturnType<typeof spawnApp>>) => Promise<void>): () => Promise<Scene> {
  return async () => {
    const database = await freshDatabase();
    const app = await spawnApp({ DATABASE_URL: database.url });
    return {
      probes: app.probes,
      provoke: () => provoke(app),
      end: async () => {
        await app.kill('SIGKILL');
        await database.drop();
      },
    };
  };
}

function behindProxy(
  provoke: (of: { url: string; refuse: () => Promise<void>; lose: () => void }) => Promise<void>,
): () => Promise<Scene> {
  return async () => {
    const database = await freshDatabase();
    const { proxy, url: proxied } = await proxyBefore(database.url);
    const app = await startApp({ DATABASE_URL: proxied });
    return {
      probes: app.probes,
      isDatabaseAway: true,
      provoke: () =>
        provoke({ url: app.url, refuse: () => proxy.refuse(), lose: () => proxy.meet(() => 'lose-request') }),
      end: async () => {
        await app.stop();
        await proxy.close();
        await database.drop();
      },
    };
  };
}

/** Sends requests, twenty at a time. */
async function repeat(times: number, send: () => Promise<unknown>): Promise<void> {
  for (let sent = 0; sent < times; sent += 20) await Promise.all(Array.from({ length: 20 }, send));
}

/** Sockets that subscribe to an order and then read nothing, while enough frames of 50 KB are made to fill all buffers. */
async function stoppedReaders(url: string, count: number): Promise<readonly WebSocket[]> {
  const shop = await openShop(url);
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const { orderId, order } = accepted(await post(url, CreateOrderDocument, { input }, { token: shop.customer.token }));
  const sockets = await Promise.all(Array.from({ length: count }, () => stoppedReader(url, shop.staff, orderId)));
  const change = `mutation ($input: ChangeOrderItemQuantityInput!) { changeOrderItemQuantity(input: $input) { __typename } }`;
  for (let quantity = 2; quantity < 400; quantity++) {
    await post(url, change, { input: { orderId, lineId: order!.lines[0]!.id, quantity } }, { token: shop.staff });
  }
  return sockets;
}

async function stoppedReader(url: string, staff: string, id: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${staff}` } }));
  await once(socket, 'message');
  const query = `subscription ($id: ID!) { orderUpdated(id: $id) { ${'x'.repeat(50_000)}: order { version } } }`;
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { id } } }));
  await once(socket, 'message');
  socket.pause();
  return socket;
}
