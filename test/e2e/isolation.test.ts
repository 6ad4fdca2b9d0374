import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import {
  AddOrderItemDocument,
  CancelOrderDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  CustomerOrdersUpdatedDocument,
  OrdersDocument,
  OrderUpdatedDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { type Asker, openAsker, type Transport } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { connectSocket, openSocket } from '../support/socket.ts';
import { customerToken, token } from '../support/tokens.ts';
import { useShop } from '../support/use-shop.ts';
import { wholeOperation } from '../support/whole-selection.ts';

/** The subject of an operation. */
interface Subject {
  readonly customerId: string;
  readonly orderId: string;
  readonly otherOrderId: string;
  readonly lineId: string;
  readonly number: string;
}

type Kind = 'query' | 'mutation' | 'subscription';

const rootFields = (
  [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const
).flatMap(([kind, type]) => Object.values(type?.getFields() ?? {}).map(field => ({ kind, field })));

/**
 * The operations on a subject for each root field. A new field of the schema must be added here: a field about the
 * catalogue, or about the caller alone, names nothing of the subject.
 */
const variables: Readonly<Record<string, (about: Subject) => readonly object[]>> = {
  node: ({ orderId, customerId }) => [{ id: orderId }, { id: customerId }],
  nodes: ({ orderId, otherOrderId, customerId }) => [{ ids: [orderId, customerId, otherOrderId] }],
  viewer: () => [{}],
  order: ({ orderId }) => [{ id: orderId }],
  orderAt: ({ orderId }) => [
    { id: orderId, at: { version: 1 } },
    { id: orderId, at: { time: '2999-01-01T00:00:00Z' } },
  ],
  orderByNumber: ({ number }) => [{ number }],
  orders: ({ customerId, orderId }) => [{}, { filter: { customerId } }, { filter: { idIn: [orderId] } }],
  orderCounts: ({ customerId }) => [{}, { customerId }],
  customer: ({ customerId }) => [{ id: customerId }],
  customers: () => [{}],
  product: () => [{ id: shop.productId }],
  products: () => [{}],
  salesByDay: () => [{ from: '2000-01-01', to: '2999-12-31', currency: 'EUR' }],
  topProducts: () => [
    { limit: 10, currency: 'EUR' },
    { limit: 100, from: '2000-01-01', currency: 'EUR' },
  ],
  projections: () => [{}],
  projectionsUpdated: () => [{}],
  registerCustomer: ({ customerId }) => [{ input: { customerId, name: 'Mallory', email: 'mallory@example.com' } }],
  renameCustomer: ({ customerId }) => [
    { input: { customerId, name: 'Mallory' } },
    { input: { customerId, name: 'Mallory', expectedVersion: 7 } },
  ],
  createOrder: ({ customerId }) => [{ input: { customerId } }],
  addOrderItem: ({ orderId }) => onOrder({ orderId, productId: shop.productId }),
  removeOrderItem: ({ orderId, lineId }) => onOrder({ orderId, lineId }),
  changeOrderItemQuantity: ({ orderId, lineId }) => onOrder({ orderId, lineId, quantity: 5 }),
  submitOrder: ({ orderId }) => onOrder({ orderId }),
  confirmOrder: ({ orderId }) => onOrder({ orderId }),
  shipOrder: ({ orderId }) => onOrder({ orderId, carrier: 'Mallory' }),
  deliverOrder: ({ orderId }) => onOrder({ orderId }),
  cancelOrder: ({ orderId }) => onOrder({ orderId, reason: 'for fun' }),
  addProduct: () => [{ input: { sku: 'mallory', name: 'Mallory', price: { amount: '0.01', currency: 'EUR' } } }],
  changeProduct: () => [{ input: { productId: shop.productId, available: false } }],
  orderUpdated: ({ orderId }) => [{ id: orderId }, { id: orderId, after: '0000000000000-000000000000' }],
  customerOrdersUpdated: ({ customerId, orderId }) => [
    { customerId },
    { customerId, after: '0000000000000-000000000000' },
    { customerId, filter: { idIn: [orderId] } },
  ],
  ordersUpdated: ({ customerId, orderId }) => [
    {},
    { filter: { customerId }, after: '0000000000000-000000000000' },
    { filter: { idIn: [orderId] } },
  ],
  // Without a customer it is about the caller alone, and starts with a frame.
  orderCountsUpdated: ({ customerId }) => [{ customerId }, { customerId, after: '0000000000000-000000000000' }],
  customerUpdated: ({ customerId }) => [{ id: customerId }, { id: customerId, after: '0000000000000-000000000000' }],
  productsUpdated: () => [{}, { after: '0000000000000-000000000000' }],
  orderEvents: ({ orderId }) => [{ orderId }, { orderId, after: '0000000000000-000000000000' }],
  eventsAppended: () => [{}, { after: '0000000000000-000000000000' }],
  processes: () => [{}],
  parkedStreams: () => [{}],
  rebuildView: () => [{ input: { view: 'order_view' } }],
  abandonRebuild: () => [{ input: {} }],
  retryParkedStream: ({ orderId }) => [{ input: { streamId: orderId } }],
  skipParkedStream: ({ orderId }) => [{ input: { streamId: orderId, version: 2 } }],
  eraseCustomer: ({ customerId }) => [{ input: { customerId } }],
};

/** With and without a version: another customer must not learn either whether the order has changed. */
function onOrder(input: object): readonly object[] {
  return [{ input }, { input: { ...input, expectedVersion: 7 } }, { input: { ...input, idempotencyKey: 'known' } }];
}

const nobody: Subject = {
  customerId: 'cus_00000000-0000-4000-8000-00000000dead',
  orderId: 'ord_00000000-0000-4000-8000-00000000dead',
  otherOrderId: 'ord_00000000-0000-4000-8000-00000000beef',
  lineId: 'lin_00000000-0000-4000-8000-00000000dead',
  number: 'ZZZZ-ZZZZ',
};

// Each caller sends everything at once, so the rate limit is raised.
const limits = { LIMIT_COST: '1000000', LIMIT_CUSTOMER_RATE: '100000', LIMIT_ADDRESS_RATE: '100000' };
const { database, app, shop } = useShop(limits);
let victim: Shopper;
let victims: Subject;
let stranger: Shopper;
/** What another customer must never read, anywhere; ids count unless that customer sent them. */
let secrets: readonly string[];

beforeAll(async () => {
  const { url } = app;
  victim = await registered(url, 'Victoria Secretname', 'victoria@hidden.example');
  stranger = await registered(url, 'Mallory', 'mallory@example.com');

  const items = [{ productId: shop.productId, quantity: 7 }];
  const made = async (input: object) =>
    accepted(await post(url, CreateOrderDocument, { input: { items, ...input } }, { token: victim.token })).order!;
  const order = await made({ reference: 'hidden-reference', idempotencyKey: 'known' });
  const cancelled = await made({});
  const shipped = await made({});
  const reason = { input: { orderId: cancelled.id, reason: 'hidden-reason' } };
  accepted(await post(url, CancelOrderDocument, reason, { token: victim.token }));
  const staff = { token: shop.staff };
  accepted(await post(url, SubmitOrderDocument, { input: { orderId: shipped.id } }, staff));
  accepted(await post(url, ConfirmOrderDocument, { input: { orderId: shipped.id } }, staff));
  const carrier = { carrier: 'hidden-carrier', trackingNumber: 'hidden-tracking' };
  const sent = { input: { orderId: shipped.id, ...carrier } };
  const { position: atLeast } = accepted(await post(url, ShipOrderDocument, sent, staff));
  // Their lists reflect it too.
  await eventually(async () => expect((await post(url, OrdersDocument, { atLeast }, staff)).errors).toBeUndefined());

  victims = {
    customerId: victim.id,
    orderId: order.id,
    otherOrderId: shipped.id,
    lineId: order.lines[0]!.id,
    number: order.number,
  };
  secrets = [
    'Victoria Secretname',
    'victoria@hidden.example',
    'hidden-reference',
    'hidden-reason',
    'hidden-carrier',
    'hidden-tracking',
    '87.50', // the total
    ...[order, cancelled, shipped].flatMap(({ id, number, lines }) => [id, number, ...lines.map(line => line.id)]),
    victim.id,
  ];
});

function operations(about: Subject): { kind: Kind; name: string; document: string; variables: object }[] {
  return rootFields.flatMap(({ kind, field }) => {
    const { name } = field;
    const document = wholeOperation(schema, kind, field);
    return variables[name]!(about).map(given => ({ kind, name, document, variables: given }));
  });
}

function suits(transport: Transport, kind: Kind): boolean {
  return transport === 'WebSocket' || (kind === 'subscription') === (transport === 'SSE');
}

/** What a response reveals of the victim's data, beyond what the request contained. */
function leaks(answer: unknown, given: object): string[] {
  const [text, known] = [JSON.stringify(answer), JSON.stringify(given)];
  return secrets.filter(secret => text.includes(secret) && !known.includes(secret));
}

/** The bytes of a response, without the requested ids, positions and the id of an unexpected error. */
function alike(answer: unknown, about: Subject): string {
  const named = Object.entries(about) as [string, string][];
  const text = named.reduce((before, [name, id]) => before.replaceAll(id, `<${name}>`), JSON.stringify(answer));
  return text.replaceAll(/\b[0-9a-f]{13}-[0-9a-f]{12}\b/g, '<position>');
}

async function stored(): Promise<object> {
  return onDatabase(database.url, async client => {
    const { rows } = await client.query<object>(
      'SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM customer_keys) AS keys',
    );
    return rows[0]!;
  });
}

test('these tests use every field of the schema', () => {
  expect(Object.keys(variables).sort()).toEqual(rootFields.map(({ field }) => field.name).sort());
});

describe.each<Transport>(['HTTP', 'SSE', 'WebSocket'])('over %s', transport => {
  let before: object;
  const open: Asker[] = [];

  async function asker(bearer?: string): Promise<Asker> {
    const opened = await openAsker[transport](app.url, bearer);
    open.push(opened);
    return opened;
  }
  function asked(about: Subject) {
    return operations(about).filter(({ kind }) => suits(transport, kind));
  }

  beforeEach(async () => {
    before = await stored();
  });
  afterEach(async () => {
    for (const opened of open.splice(0)) await opened.close();
    expect(await stored()).toEqual(before);
  });

  test('the victim reads all of it, otherwise these tests would prove nothing', async () => {
    const { ask } = await asker(victim.token);
    const answers: unknown[] = [];
    for (const operation of asked(victims)) {
      if (operation.kind === 'mutation') continue;
      answers.push(await ask(operation.document, operation.variables as Record<string, unknown>));
    }
    // The first frame of a subscription shows one order or none.
    const shown =
      transport === 'SSE' ? [victim.id, victims.orderId, 'Victoria Secretname', 'hidden-reference'] : secrets;
    for (const secret of shown) expect(JSON.stringify(answers)).toContain(secret);
  });

  test('another customer gets none of it from any field, and the same answer as for missing data', async () => {
    const { ask } = await asker(stranger.token);
    const [theirs, nobodys] = [asked(victims), asked(nobody)];
    const wrong: object[] = [];
    for (const [index, { kind, name, document, variables: given }] of theirs.entries()) {
      const answer = await ask(document, given as Record<string, unknown>);
      // A subscription may reveal nothing at first, and everything later.
      const isPublic = name === 'productsUpdated';
      if (kind === 'subscription' && !isPublic && answer.errors === undefined)
        wrong.push({ name, given, opened: answer });
      const leaked = leaks(answer, given);
      if (leaked.length > 0) wrong.push({ name, given, leaked });
      const missing = nobodys[index]!;
      const ofNobody = await ask(missing.document, missing.variables as Record<string, unknown>);
      const [one, other] = [alike(answer, victims), alike(ofNobody, nobody)];
      if (one !== other) wrong.push({ name, given, answer: one, ofNobody: other });
    }
    expect(theirs.length).toBeGreaterThan(transport === 'SSE' ? 4 : 30);
    expect(wrong).toEqual([]);
  });

  const badTokens = {
    none: () => Promise.resolve(undefined),
    'an expired one': () => customerToken(victim.id, { expires: new Date(Date.now() - 60_000) }),
    'a forged one': () => customerToken(victim.id, { secret: 'another secret, also of 32 bytes and more' }),
    'an unsigned one': () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { sub: victim.id, role: 'customer', exp: Math.floor(Date.now() / 1_000) + 3_600 };
      return Promise.resolve(`${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`);
    },
    'one without a role': () => token({ sub: victim.id }),
    'one with an unknown role': () => token({ sub: victim.id, role: 'admin' }),
    'one with two roles': () => token({ sub: victim.id, role: ['customer', 'staff'] }),
    'one without a subject': () => token({ role: 'staff' }),
    'one of a customer with an invalid id': () => token({ sub: 'victoria', role: 'customer' }),
  };

  test.each(Object.entries(badTokens))('a caller with no token or a bad one gets nothing: %s', async (_what, bad) => {
    const bearer = await bad();
    if (transport === 'WebSocket') {
      const socket = await openSocket(app.url);
      socket.send({
        type: 'connection_init',
        payload: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` },
      });
      expect((await socket.closed).code).toBe(4403);
      return;
    }
    const { ask } = await asker(bearer);
    for (const { name, document, variables: given } of asked(victims)) {
      const { data, errors, extensions } = await ask(document, given as Record<string, unknown>);
      const codes = errors?.map(error => error.extensions);
      expect([name, data?.[name] ?? null, codes, extensions]).toEqual([
        name,
        null,
        [{ code: 'UNAUTHENTICATED' }],
        undefined,
      ]);
    }
  });
});

test('a socket that subscribes before it authenticates is closed', async () => {
  const socket = await openSocket(app.url);
  const { document } = operations(victims)[0]!;
  socket.send({ id: '1', type: 'subscribe', payload: { query: document, variables: { id: victims.orderId } } });
  expect((await socket.closed).code).toBe(4401);
});

test('a taken order id is rejected without revealing its owner, and a key belongs to its caller', async () => {
  const create = wholeOperation(schema, 'mutation', schema.getMutationType()!.getFields()['createOrder']!);
  const before = await stored();
  const input = { orderId: victims.orderId };
  const { data, errors } = await post(app.url, create, { input }, { token: stranger.token });
  expect({ data, errors }).toMatchObject({
    data: { createOrder: { __typename: 'RejectedError', reason: 'ORDER_ALREADY_EXISTS', current: null } },
  });
  expect(leaks(data, input)).toEqual([]);
  expect(await stored()).toEqual(before);

  const own = await post(app.url, create, { input: { idempotencyKey: 'known' } }, { token: stranger.token });
  expect(own.data).toMatchObject({ createOrder: { order: { customer: { id: stranger.id }, lines: [] } } });
  expect(leaks(own.data, {})).toEqual([]);
});

test("filters and searches in a customer's own lists find nothing of others", async () => {
  const orders = `orders(first: $first, after: $after, filter: $filter) { totalCount nodes { id } }`;
  const document = `query($first: Int, $after: String, $filter: OrderFilter) { viewer { customer { ${orders} } } }`;
  const cursor = (id: string) =>
    Buffer.from(JSON.stringify(['order-created', '2999-01-01T00:00:00.000Z', id])).toString('base64url');
  const own = accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: stranger.token }));
  const options = { token: stranger.token, headers: { 'orderstream-position': own.position } };
  for (const [given, found] of [
    [{ filter: { customerId: victim.id } }, false],
    [{ filter: { idIn: [victims.orderId] } }, false],
    [{ filter: { reference: 'hidden-reference' } }, false],
    [{ after: cursor(victims.orderId) }, true],
  ] as const) {
    const { data } = await post(app.url, document, given, options);
    const page = (data as { viewer: { customer: { orders: { nodes: { id: string }[] } } } }).viewer.customer.orders;
    expect(page.nodes.some(({ id }) => id === own.orderId)).toBe(found);
    expect(leaks(data, given)).toEqual([]);
  }
});

test("a customer's live lists reveal nothing of others, with any filter", async () => {
  const socket = await connectSocket(app.url, stranger.token);
  const watch = (filter?: object) =>
    socket.subscribe(CustomerOrdersUpdatedDocument, { customerId: stranger.id, filter: filter as never });
  const [all, ofVictim, ofOrder] = [
    watch(),
    watch({ customerId: victim.id }),
    watch({ idIn: [victims.orderId, victims.otherOrderId] }),
  ];
  for (const list of [all, ofVictim, ofOrder]) {
    expect((await list.next()).data!.customerOrdersUpdated.kind).toBe('PROGRESS');
  }
  const input = { orderId: victims.orderId, productId: shop.productId };
  accepted(await post(app.url, AddOrderItemDocument, { input }, { token: victim.token }));
  const own = accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: stranger.token }));

  expect((await all.next()).data!.customerOrdersUpdated.orderId).toBe(own.orderId);
  // When one list has reported the customer's own order, the other lists have passed the victim's change.
  expect([ofVictim.waiting, ofOrder.waiting]).toEqual([0, 0]);
  await socket.close();
});

test('an expired token ends what it has opened: later changes are not sent', async () => {
  const short = await customerToken(victim.id, { expires: '0s' });
  const socket = await connectSocket(app.url, short);
  const order = socket.subscribe(OrderUpdatedDocument, { id: victims.orderId });
  expect((await order.next()).data!.orderUpdated.order.id).toBe(victims.orderId);
  expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  const input = { orderId: victims.orderId, productId: shop.productId };
  accepted(await post(app.url, AddOrderItemDocument, { input }, { token: victim.token }));
  expect(order.waiting).toBe(0);
  const late = await post(app.url, '{ viewer { subject } }', {}, { token: short });
  expect(late).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});
