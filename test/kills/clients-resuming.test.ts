import { afterAll, beforeAll, expect, test } from 'vitest';
import { AddOrderItemDocument, CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { type AnyClient, resumingClients } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { onFreePort } from '../support/free-port.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openShop, registered, type Shop } from '../support/shop.ts';
import { stopwatch } from '../support/standstill.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { staffToken } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';

// No document selects the fields that links need, except the page's position, which the page passes on itself.
const page = `query ($customerId: ID!) {
  orders(first: 100, filter: { customerId: $customerId }) { nodes { id } position }
}`;
const create = `mutation ($input: CreateOrderInput!) {
  createOrder(input: $input) { ... on OrderCommandPayload { orderId } ... on CommandError { message } }
}`;
const watchList = `subscription ($customerId: ID!, $after: Position) {
  customerOrdersUpdated(customerId: $customerId, after: $after) { orderId }
}`;
const watchEvents = `subscription ($orderId: ID!) { orderEvents(orderId: $orderId) { version } }`;

interface Page {
  readonly orders: { readonly nodes: readonly { readonly id: string }[]; readonly position: string };
}
interface Created {
  readonly createOrder: { readonly orderId: string };
}

const portOf = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });

describeWithRedis('clients with our links', () => {
  const database = useDatabase();
  let nodes: [SpawnedApp, SpawnedApp];
  let shop: Shop;

  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    // A port that no other process gets by chance while the node is down.
    const onPort = onFreePort(port => spawnApp({ ...env, PORT: `${port}` }), /is taken on/);
    nodes = await Promise.all([onPort.then(({ opened }) => opened), spawnApp(env)]);
    shop = await openShop(nodes[0].url);
  });
  afterAll(async () => {
    await Promise.all(nodes.map(node => node.stop()));
  });

  function direct(round: number) {
    return nodes[round % 2]!.url;
  }

  test('whatever connection is cut, clients get every order and event once and read their own writes', async () => {
    const rounds = 24;
    const { staff: token, productId } = shop;
    const { id: customerId } = await registered(direct(0));
    const input = { customerId, items: [{ productId, quantity: 1 }] };
    const hot = accepted(await post(direct(0), CreateOrderDocument, { input }, { token })).orderId;

    const created = new Set<string>();
    const travellers = await Promise.all(
      Object.entries(resumingClients).map(async ([name, open]) => {
        const proxy = await openTcpProxy(portOf(direct(0)));
        const failures: unknown[] = [];
        const client = open({
          url: `http://127.0.0.1:${proxy.port}`,
          token: () => token,
          onError: error => failures.push(error),
        });
        const { position: after } = (await client.ask<Page>(page, { customerId })).data!.orders;
        const orders: string[] = [];
        const versions: number[] = [];
        client.watch<{ customerOrdersUpdated: { orderId: string | null } }>(
          watchList,
          { customerId, after },
          ({ customerOrdersUpdated: { orderId } }) => orderId !== null && orderId !== hot && orders.push(orderId),
        );
        client.watch<{ orderEvents: { version: number } }>(watchEvents, { orderId: hot }, ({ orderEvents }) =>
          versions.push(orderEvents.version),
        );
        return { name, client, proxy, failures, orders, versions, cuts: 0 };
      }),
    );

    /** Its response is sometimes lost; the retry must create the same order, once. */
    async function writeAndRead({ client, proxy }: { client: AnyClient; proxy: TcpProxy }, round: number) {
      let lost = round % 2 === 0;
      proxy.meet(bytes => {
        if (!lost || !bytes.includes('createOrder')) return 'pass';
        lost = false;
        return 'lose-answer';
      });
      const { orderId } = (await client.ask<Created>(create, { input })).data!.createOrder;
      created.add(orderId);
      const read = await client.ask<Page>(page, { customerId });
      expect(read.data!.orders.nodes.map(({ id }) => id)).toContain(orderId);
    }

    for (let round = 0; round < rounds; round++) {
      const url = direct(round);
      created.add(accepted(await post(url, CreateOrderDocument, { input }, { token })).orderId);
      const item = { orderId: hot, productId };
      accepted(await post(url, AddOrderItemDocument, { input: item }, { token }));
      const traveller = travellers[round % travellers.length]!;
      traveller.proxy.aim(portOf(direct(Math.floor(Math.random() * 2))));
      traveller.proxy.cut(Math.random() < 0.5 ? 'end' : 'reset');
      traveller.cuts++;
      // A query over plain HTTP has no link that retries it.
      if (traveller.name !== 'the EventSource client') await writeAndRead(traveller, round);
    }

    const stored = await ordersOf(customerId);
    expect(stored.filter(id => id !== hot).sort()).toEqual([...created].sort()); // each command counted once
    for (const { name, orders, versions, failures, cuts } of travellers) {
      await eventually(() => {
        const had = { name, orders: new Set(orders).size, events: versions.length, failures };
        expect(had).toEqual({ name, orders: created.size, events: rounds + 2, failures: [] });
      });
      expect(cuts).toBeGreaterThan(2);
      expect([name, orders.length]).toEqual([name, created.size]);
      expect([name, versions]).toEqual([name, Array.from({ length: rounds + 2 }, (_, index) => index + 1)]);
      expect([name, failures]).toEqual([name, []]);
    }
    for (const { client, proxy } of travellers) {
      await client.close();
      await proxy.close();
    }
  });

  /** Read from the log itself. */
  function ordersOf(customerId: string): Promise<string[]> {
    return onDatabase(database.url, async client => {
      const { rows } = await client.query<{ id: string }>(
        `SELECT stream_id AS id FROM events WHERE type = 'OrderCreated' AND data ->> 'customerId' = $1`,
        [customerId],
      );
      return rows.map(({ id }) => id);
    });
  }

  const withQueries = Object.entries(resumingClients).filter(([name]) => name !== 'the EventSource client');

  test.each(withQueries.filter(([name]) => name !== 'graphql-ws'))(
    '%s: a response older than one seen before is not shown, but requested again',
    async (_name, open) => {
      const { staff: token } = shop;
      const { id: customerId } = await registered(direct(0));
      let old: string | undefined;
      let replayed = 0;
      // Simulates a cache between client and server, as some proxies have one.
      const staleOnce: typeof fetch = async (url, init) => {
        const { body } = init as { readonly body: string };
        const answer = await fetch(url, init);
        if (!body.includes('orders(')) return answer;
        const text = await answer.text();
        const shown = old !== undefined && replayed++ === 0 ? old : text;
        old ??= text;
        return new Response(shown, answer);
      };
      const client = open({ url: direct(0), token: () => token, fetch: staleOnce });
      expect((await client.ask<Page>(page, { customerId })).data!.orders.nodes).toEqual([]);
      const { orderId } = (await client.ask<Created>(create, { input: { customerId } })).data!.createOrder;
      const read = await client.ask<Page>(page, { customerId });
      expect(read.data!.orders.nodes).toMatchObject([{ id: orderId }]);
      expect(replayed).toBe(2);
      await client.close();
    },
  );

  test.each(Object.entries(resumingClients))(
    '%s: a position of another log is reported, and what follows is of this log',
    async (_name, open) => {
      const { staff: token } = shop;
      const { id: customerId } = await registered(direct(0));
      let resyncs = 0;
      const client = open({ url: direct(0), token: () => token, onResync: () => resyncs++ });
      const orders: string[] = [];
      const after = '0000000000001-ffffffffffff';
      const kinds: string[] = [];
      client.watch<{ customerOrdersUpdated: { kind: string; orderId: string | null } }>(
        watchList.replace('{ orderId }', '{ kind orderId }'),
        { customerId, after },
        ({ customerOrdersUpdated: { kind, orderId } }) => {
          kinds.push(kind);
          if (orderId !== null) orders.push(orderId);
        },
      );
      await eventually(() => expect(kinds).toEqual(['RESYNC']));
      const created = accepted(await post(direct(0), CreateOrderDocument, { input: { customerId } }, { token }));
      await eventually(() => expect(orders).toEqual([created.orderId]));
      expect(resyncs).toBe(1);
      await client.close();
    },
  );

  // The clients that get the token for their socket or stream from our links.
  const ofTokens = Object.entries(resumingClients).filter(([name]) => !/stock|over SSE/.test(name));

  test('an expired token is replaced by a new one, and no update is lost', async () => {
    const { id: customerId } = await registered(direct(0));
    const travellers = ofTokens.map(([name, open]) => {
      const asked: boolean[] = [];
      const failures: unknown[] = [];
      let kept = staffToken({ expires: '-2s' });
      const token = (refused: boolean) => {
        asked.push(refused);
        if (refused) kept = staffToken();
        return kept;
      };
      const client = open({ url: direct(0), token, onError: error => failures.push(error) });
      const orders: string[] = [];
      client.watch<{ customerOrdersUpdated: { orderId: string | null } }>(watchList, { customerId }, data =>
        orders.push(data.customerOrdersUpdated.orderId ?? 'live'),
      );
      return { name, client, asked, failures, orders };
    });
    // Once, or twice if that token had expired by then.
    await eventually(() => expect(travellers.map(({ orders }) => orders[0])).toEqual(ofTokens.map(() => 'live')));
    const created: string[] = [];
    const { staff: token } = shop;
    await eventually(async () => {
      const order = await post(direct(0), CreateOrderDocument, { input: { customerId } }, { token });
      created.push(accepted(order).orderId);
      for (const { name, asked } of travellers) expect([name, asked.includes(true)]).toEqual([name, true]);
    });
    for (const { name, client, orders, failures } of travellers) {
      await eventually(() => expect([name, ...orders.filter(id => id !== 'live')]).toEqual([name, ...created]));
      expect([name, failures]).toEqual([name, []]);
      await client.close();
    }
  });

  test('every kind of client is connected again within 2 s after a killed node returns', async () => {
    const { staff: token } = shop;
    const { id: customerId } = await registered(direct(1));
    const [doomed] = nodes;
    const ours = Object.entries(resumingClients).filter(([name]) => !name.includes('stock'));
    const travellers = ours.map(([name, open]) => {
      const client = open({ url: doomed.url, token: () => token });
      const orders: string[] = [];
      client.watch<{ customerOrdersUpdated: { orderId: string | null } }>(watchList, { customerId }, data =>
        orders.push(data.customerOrdersUpdated.orderId ?? 'live'),
      );
      return { name, client, orders };
    });
    await eventually(() => expect(travellers.map(({ orders }) => orders)).toEqual(ours.map(() => ['live'])));
    await doomed.kill('SIGKILL');
    const missed = accepted(await post(direct(1), CreateOrderDocument, { input: { customerId } }, { token })).orderId;
    const { port } = portOf(doomed.url);
    const returned = await spawnApp({ DATABASE_URL: database.url, REDIS_URL: redisUrl(), PORT: `${port}` });
    const ready = stopwatch();
    await eventually(() => {
      for (const { name, orders } of travellers) expect([name, orders.includes(missed)]).toEqual([name, true]);
    });
    expect(ready()).toBeLessThan(2_000);
    for (const { orders } of travellers) expect(orders.filter(id => id !== 'live')).toEqual([missed]);
    for (const { client } of travellers) await client.close();
    await returned.kill('SIGKILL');
  });
});
