import { afterEach, expect, test } from 'vitest';
import { AddOrderItemDocument, CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { openEventStream } from '../support/event-stream.ts';
import { post } from '../support/post.ts';
import { connectSocket } from '../support/socket.ts';
import { staffToken } from '../support/tokens.ts';
import type { Answer } from '../support/typed-document.ts';
import { lockViews } from '../support/unreadable-views.ts';
import { useShop } from '../support/use-shop.ts';

const { app, database, shop } = useShop();

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Command {
  readonly orderId: string;
  readonly position: string;
}

const commandDocument = (field: string, input: string) =>
  `mutation ($input: ${input}!) { ${field}(input: $input) { ... on OrderCommandPayload { orderId position } } }`;

/** Selects nothing that would be read from a locked view. */
async function command(field: string, inputType: string, input: object): Promise<Command> {
  const { data, errors } = await post<Record<string, Command>>(
    app.url,
    commandDocument(field, inputType),
    { input },
    { token: shop.customer.token },
  );
  expect(errors).toBeUndefined();
  return data![field]!;
}

const itemAdded = (orderId: string) =>
  command('addOrderItem', 'AddOrderItemInput', { orderId, productId: shop.productId });

async function orderWithItem(): Promise<string> {
  const { orderId } = accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: shop.customer.token }));
  const input = { orderId, productId: shop.productId };
  accepted(await post(app.url, AddOrderItemDocument, { input }, { token: shop.customer.token }));
  return orderId;
}

interface Subscription {
  readonly what: string;
  readonly document: string;
  readonly variables: (orderId: string) => Record<string, unknown>;
  /** What each frame must contain, which is read from a locked view. */
  readonly holds: string;
}

const subscriptions: readonly Subscription[] = [
  {
    what: 'a field that may not be null',
    document: 'subscription ($id: ID!) { orderUpdated(id: $id) { kind position order { version customer { name } } } }',
    variables: id => ({ id }),
    holds: '"customer":{"name":"Ada Lovelace"}',
  },
  {
    what: 'a field that may be null',
    document:
      'subscription ($id: ID!) { orderUpdated(id: $id) { kind position order { version lines { product { name } } } } }',
    variables: id => ({ id }),
    holds: '"product":{"name":"Tea ',
  },
  {
    what: 'an order in a list',
    document: `subscription ($customerId: ID!) {
      customerOrdersUpdated(customerId: $customerId) { kind position order { version customer { name } } }
    }`,
    variables: () => ({ customerId: shop.customer.id }),
    holds: '"customer":{"name":"Ada Lovelace"}',
  },
  {
    what: '`matches` in a list',
    document: `subscription {
      ordersUpdated(filter: { search: "Ada" }) { kind position matches order { version } }
    }`,
    variables: () => ({}),
    holds: '"matches":true',
  },
];

type Data = Record<string, { readonly position: string } | undefined>;
type Next = () => Promise<Answer<Data>>;

const transports = {
  WebSocket: async (document: string, variables: Record<string, unknown>): Promise<Next> => {
    const socket = await connectSocket(app.url, shop.staff);
    open.push(() => socket.close());
    const operation = socket.subscribe<Data>(document, variables);
    return () => operation.next();
  },
  SSE: async (document: string, variables: Record<string, unknown>): Promise<Next> => {
    const stream = await openEventStream(app.url, document, variables, { token: shop.staff });
    open.push(() => {
      stream.close();
      return stream.ended;
    });
    return () => stream.next<Data>();
  },
};

const cases = subscriptions.flatMap(one =>
  (['WebSocket', 'SSE'] as const).map(transport => ({ ...one, transport, title: `${one.what}, over ${transport}` })),
);

test.each(cases)(
  'a frame whose read fails is retried, and the newest state arrives complete: $title',
  async ({ document, variables, holds, transport }) => {
    const orderId = await orderWithItem();
    const next = await transports[transport](document, variables(orderId));
    // A snapshot, or the position of a list.
    const first = await next();
    expect(first.errors).toBeUndefined();

    const views = await lockViews(database.url, ['customer_view', 'product_view']);
    await itemAdded(orderId);
    await views.endReads(3);
    const { position } = await itemAdded(orderId);
    await views.endReads(2);
    await views.release();

    for (;;) {
      const { data, errors, extensions } = await next();
      expect(errors).toBeUndefined();
      const [frame] = Object.values(data!);
      expect(JSON.stringify(data)).toContain(holds);
      expect(extensions!['position']).toBe(frame!.position);
      if (frame!.position < position) continue;
      expect(frame).toMatchObject({ position, order: { version: 4 } });
      return;
    }
  },
);

test('a snapshot whose read fails is retried too, once for all subscribers that wait for it', async () => {
  const orderId = await orderWithItem();
  const { document } = subscriptions[0]!;
  const views = await lockViews(database.url, ['customer_view']);
  const opening = Array.from({ length: 5 }, () => transports.WebSocket(document, { id: orderId }));
  const waiting = (await Promise.all(opening)).map(next => next());
  await views.endReads(2);
  await views.release();
  for (const { data, errors } of await Promise.all(waiting)) {
    expect(errors).toBeUndefined();
    expect(data!['orderUpdated']).toMatchObject({
      kind: 'SNAPSHOT',
      order: { version: 2, customer: { name: 'Ada Lovelace' } },
    });
  }
});

test('a subscriber that resumes after its last frame gets the state whose frame failed', async () => {
  const orderId = await orderWithItem();
  const { document } = subscriptions[0]!;
  const socket = await connectSocket(app.url, shop.customer.token);
  const operation = socket.subscribe<Record<string, { position: string }>>(document, { id: orderId });
  const after = (await operation.next()).data!['orderUpdated']!.position;

  const views = await lockViews(database.url, ['customer_view']);
  const { position } = await itemAdded(orderId);
  await views.endReads(2);
  await socket.close();
  expect(operation.waiting).toBe(0);
  await views.release();

  const again = await connectSocket(app.url, shop.customer.token);
  const { data } = await again.subscribe(document, { id: orderId }, { after }).next();
  expect(data!['orderUpdated']).toMatchObject({ kind: 'SNAPSHOT', position, order: { version: 3 } });
  await again.close();
});

test('a subscriber whose token expires before the retry is disconnected, and gets no frame', async () => {
  const orderId = await orderWithItem();
  const socket = await connectSocket(app.url, await staffToken({ expires: '4s' }));
  const operation = socket.subscribe(subscriptions[0]!.document, { id: orderId });
  await operation.next();
  const views = await lockViews(database.url, ['customer_view']);
  await itemAdded(orderId);
  await views.endReads(1);
  expect((await socket.closed).code).toBe(4403);
  expect(operation.waiting).toBe(0);
  await views.release();
});

test('projectionsUpdated whose first read fails begins as soon as the read succeeds', async () => {
  const views = await lockViews(database.url, ['checkpoints']);
  const next = await transports.WebSocket('subscription { projectionsUpdated { name } }', {});
  const waiting = next();
  await views.endReads(2);
  await views.release();
  const { data, errors } = await waiting;
  expect(errors).toBeUndefined();
  expect(data!['projectionsUpdated']).not.toEqual([]);
});
