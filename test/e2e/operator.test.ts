// What an operator does by the API, with the rights that production gives to a serving process.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyViews } from '../../src/projections/verify-views.ts';
import { views } from '../../src/slices.ts';
import { type SpawnedApp, spawnApp, startApp, type TestApp } from '../support/app.ts';
import { openAsker } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { servingRole } from '../support/serving-role.ts';
import { openShop, registered, type Shop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { openNode, type TestNode } from '../support/test-node.ts';
import { operatorToken, staffToken, token as tokenOf } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let role: Awaited<ReturnType<typeof servingRole>>;
let app: TestApp;
let shop: Shop;
let node: TestNode;
let operator: string;

beforeAll(async () => {
  role = await servingRole(database.url);
  app = await startApp({ DATABASE_URL: role.url });
  shop = await openShop(app.url);
  node = await openNode(database.url);
  operator = await operatorToken();
});
afterAll(async () => {
  await node.close();
  await app.stop();
  await role.drop();
});

interface Result {
  readonly __typename: string;
  readonly position?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly id?: string;
}

/** Sends a mutation of an operator, by default as the operator. */
async function operate(name: string, input: object, token = operator): Promise<Result> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const payload = name === 'eraseCustomer' ? 'CustomerCommandPayload' : 'OperatorCommandPayload';
  const document = `mutation ($input: ${type}!) { result: ${name}(input: $input) {
    __typename ... on ${payload} { position }
    ... on RejectedError { reason } ... on NotFoundError { id } ... on CommandError { message } } }`;
  const { data, errors } = await (await openAsker.HTTP(app.url, token)).ask<{ result: Result }>(document, { input });
  expect(errors).toBeUndefined();
  return data!.result;
}

async function ask<Data>(document: string, variables: object = {}, token = operator): Promise<Data> {
  const asker = await openAsker.HTTP(app.url, token);
  const { data, errors } = await asker.ask<Data>(document, variables as Record<string, unknown>);
  expect(errors).toBeUndefined();
  return data!;
}

interface Event {
  readonly type: string;
  readonly streamId: string;
  readonly actor: string;
  readonly actorRole: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The event at a position, as `eventsAppended` sends it to staff. The feed ends at a damaged event, and continues after
 * its position.
 */
async function eventAt(position: string, after?: string): Promise<Event> {
  const socket = await connectSocket(app.url, await staffToken());
  const feed = socket.subscribe<{ eventsAppended: Event & { position: string } }, object>(
    'subscription ($after: Position) { eventsAppended(after: $after) { type streamId actor actorRole data position } }',
    { after },
  );
  for (;;) {
    const { data, errors, extensions } = await feed.next();
    if (data?.eventsAppended.position !== position && !errors) continue;
    await socket.close();
    return data?.eventsAppended ?? eventAt(position, String(extensions?.['position']));
  }
}

interface Parked {
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly attempts: number;
  readonly error: string;
}

async function parkedStreams(atLeast?: string, token = operator): Promise<readonly Parked[]> {
  const list = 'nodes { id streamType streamId version position attempts triedAt error }';
  const document = `query ($atLeast: Position) { parkedStreams(atLeast: $atLeast) { ${list} } }`;
  return (await ask<{ parkedStreams: { nodes: Parked[] } }>(document, { atLeast }, token)).parkedStreams.nodes;
}

interface RebuildState {
  readonly projections: readonly { readonly name: string; readonly rebuild: { readonly total: number } | null }[];
}

async function isRebuilding(): Promise<boolean> {
  const { projections } = await ask<RebuildState>('{ projections { name rebuild { processed total } } }');
  return projections.every(({ rebuild }) => rebuild !== null);
}

function rowsOf<Row extends object>(sql: string): Promise<Row[]> {
  return onDatabase(database.url, async client => (await client.query<Row>(sql)).rows);
}

const generations = () =>
  rowsOf<{ generation: number; live: boolean }>('SELECT generation, live FROM checkpoints ORDER BY generation');

const faults = () => verifyViews(node.source, views, () => undefined);

const create = `mutation ($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderCommandPayload { orderId } } }`;
const add = `mutation ($input: AddOrderItemInput!) { addOrderItem(input: $input) { ... on OrderCommandPayload { version position } } }`;

async function newOrder(token = shop.customer.token, input: object = {}): Promise<string> {
  return (await ask<{ createOrder: { orderId: string } }>(create, { input }, token)).createOrder.orderId;
}

async function addItem(orderId: string, quantity: number): Promise<string> {
  const input = { orderId, productId: shop.productId, quantity };
  return (await ask<{ addOrderItem: { position: string } }>(add, { input }, shop.customer.token)).addOrderItem.position;
}

/** Damages the events that are stored in the meantime, so that no fold accepts them. */
async function damaged<Answer>(orderId: string, act: () => Promise<Answer>): Promise<Answer> {
  const sql = (text: string) => onDatabase(database.url, client => client.query(text));
  await sql(`
    CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.stream_id = '${orderId}' THEN NEW.personal := '{"subject": "${shop.customer.id}", "sealed": "AAAA"}'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER damaged BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION damaged()`);
  try {
    return await act();
  } finally {
    await sql('DROP TRIGGER damaged ON events; DROP FUNCTION damaged()');
  }
}

const inputs: Readonly<Record<string, object>> = {
  rebuildView: { view: 'order_view' },
  abandonRebuild: {},
  retryParkedStream: { streamId: 'ord_00000000-0000-4000-8000-000000000001' },
  skipParkedStream: { streamId: 'ord_00000000-0000-4000-8000-000000000001' },
  eraseCustomer: { customerId: 'cus_00000000-0000-4000-8000-000000000001' },
};

describe.each(Object.entries(inputs))('%s', (name, input) => {
  test.each(['staff', 'customer', 'nobody'])('is rejected for %s, and stores nothing', async caller => {
    const tokens = { staff: shop.staff, customer: shop.customer.token };
    const asker = await openAsker.HTTP(app.url, (tokens as Record<string, string | undefined>)[caller]);
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const { errors } = await asker.ask(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, {
      input,
    });
    const code = caller === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    expect(errors).toMatchObject([{ extensions: { code } }]);
    const count = `SELECT count(*)::int AS n FROM events WHERE stream_type = 'projection' OR type LIKE '%Erased'`;
    expect(await rowsOf(count)).toEqual([{ n: 0 }]);
  });
});

test('an operator may do what staff may, under their own name', async () => {
  const orderId = await newOrder();
  const placed = await addItem(orderId, 1);
  const submit = `mutation ($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename } }`;
  await ask(submit, { input: { orderId } }, shop.customer.token);
  const confirm = `mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) {
    ... on OrderCommandPayload { position order { status availableActions } } } }`;
  const confirmed = await ask<{ confirmOrder: { position: string } }>(confirm, { input: { orderId } });
  expect(confirmed).toMatchObject({
    confirmOrder: { order: { status: 'CONFIRMED', availableActions: ['SHIP', 'CANCEL'] } },
  });
  expect(await eventAt(confirmed.confirmOrder.position)).toMatchObject({ actor: 'olga', actorRole: 'OPERATOR' });
  expect(await eventAt(placed)).toMatchObject({ actor: shop.customer.id, actorRole: 'CUSTOMER' });
  const read =
    '{ viewer { role subject } orders { totalCount } salesByDay(from: "2000-01-01", to: "2999-12-31", currency: "EUR") { orderCount } orderCounts { orderCount } }';
  expect(await ask(read)).toMatchObject({ viewer: { role: 'OPERATOR', subject: 'olga' }, orders: { totalCount: 1 } });
  // The customer does not learn the name.
  const history = `query ($id: ID!) { order(id: $id) { history { nodes { type actor } } } }`;
  const { order } = await ask<{ order: { history: { nodes: { type: string; actor: string }[] } } }>(
    history,
    { id: orderId },
    shop.customer.token,
  );
  expect(order.history.nodes.find(({ type }) => type === 'OrderConfirmed')).toMatchObject({ actor: 'staff' });
});

describe('a rebuild', () => {
  test('starts at once, is seen at once, replaces every generation while orders go on, and is named after its operator', async () => {
    const before = await generations();
    const requested = await operate('rebuildView', { view: 'sales_by_day', idempotencyKey: 'rebuild-1' });
    expect(requested).toMatchObject({ __typename: 'OperatorCommandPayload' });
    const again = await operate('rebuildView', { view: 'sales_by_day', idempotencyKey: 'rebuild-1' });
    expect(again).toEqual(requested);
    expect(await operate('rebuildView', { view: 'order_view', idempotencyKey: 'rebuild-1' })).toMatchObject({
      __typename: 'IdempotencyKeyReusedError',
    });
    const orders = await Promise.all(Array.from({ length: 10 }, () => newOrder()));
    await eventually(async () => {
      expect(await generations()).toEqual([{ generation: before[0]!.generation + 1, live: true }]);
    });
    for (const orderId of orders) await addItem(orderId, 2);
    expect(await isRebuilding()).toBe(false);
    expect(await faults()).toEqual([]);
    expect(await eventAt(requested.position!)).toMatchObject({
      type: 'RebuildRequested',
      actor: 'olga',
      actorRole: 'OPERATOR',
      data: { view: 'sales_by_day' },
    });
  });

  test('of a view that does not exist is not found', async () => {
    expect(await operate('rebuildView', { view: 'oder_view' })).toEqual({
      __typename: 'NotFoundError',
      id: 'oder_view',
      message: 'There is no read model with this id: check the id.',
    });
  });

  test('cannot be abandoned if none is running', async () => {
    expect(await operate('abandonRebuild', {})).toMatchObject({
      __typename: 'RejectedError',
      reason: 'NO_REBUILD_RUNNING',
    });
  });

  test('is not started twice, and is abandoned with its rows, by which time another one may start', async () => {
    // No process goes on with this one: a terminal command started it and was killed.
    await onDatabase(database.url, client =>
      client.query(`INSERT INTO checkpoints (group_name, generation, live, position, hash)
        SELECT 'core', max(generation) + 1, false, 0, '000000000000' FROM checkpoints`),
    );
    expect(await isRebuilding()).toBe(true);
    const refusal = { __typename: 'RejectedError', reason: 'REBUILD_RUNNING' };
    expect(await operate('rebuildView', { view: 'order_view' })).toMatchObject(refusal);
    const abandoned = await operate('abandonRebuild', {});
    expect(await isRebuilding()).toBe(false);
    expect(await operate('abandonRebuild', {})).toMatchObject({ reason: 'NO_REBUILD_RUNNING' });
    await eventually(async () => expect(await generations()).toHaveLength(1));
    expect(await eventAt(abandoned.position!)).toMatchObject({ type: 'RebuildAbandoned', actor: 'olga' });
    const both = await Promise.all([
      operate('rebuildView', { view: 'order_view' }),
      operate('rebuildView', { view: 'order_view' }),
    ]);
    expect(both.map(({ __typename }) => __typename).sort()).toEqual(['OperatorCommandPayload', 'RejectedError']);
    await eventually(async () => {
      expect(await generations()).toHaveLength(1);
      expect(await isRebuilding()).toBe(false);
    });
    expect(await faults()).toEqual([]);
  });
});

describe('a parked stream', () => {
  test('is found, retried and skipped: its rows continue without that event, in every generation, and verify agrees', async () => {
    const orderId = await newOrder();
    await addItem(orderId, 1);
    await damaged(orderId, () =>
      ask(add, { input: { orderId, productId: shop.productId, quantity: 4 } }, shop.customer.token),
    );
    await eventually(async () => {
      expect(await parkedStreams(undefined, shop.staff)).toMatchObject([
        { streamType: 'order', streamId: orderId, version: 3, attempts: 1 },
      ]);
    });
    const retried = await operate('retryParkedStream', { streamId: orderId });
    expect(await parkedStreams(retried.position)).toMatchObject([{ version: 3, attempts: 2 }]);
    expect(await eventAt(retried.position!)).toMatchObject({
      type: 'StreamRetried',
      actor: 'olga',
      actorRole: 'OPERATOR',
      data: { streamType: 'order', streamId: orderId },
    });
    expect(await faults()).toMatchObject([{ view: 'order_view', id: orderId }]);

    expect(await operate('skipParkedStream', { streamId: orderId, version: 2 })).toMatchObject({
      __typename: 'RejectedError',
      reason: 'STREAM_NOT_PARKED',
    });
    const skipped = await operate('skipParkedStream', { streamId: orderId, version: 3 });
    expect(await parkedStreams(skipped.position)).toEqual([]);
    expect(await eventAt(skipped.position!)).toMatchObject({
      type: 'StreamEventSkipped',
      actor: 'olga',
      data: { streamType: 'order', streamId: orderId, version: 3 },
    });
    const read =
      'query ($id: ID!, $atLeast: Position) { order(id: $id, atLeast: $atLeast) { version itemCount position } }';
    expect(await ask(read, { id: orderId, atLeast: skipped.position })).toEqual({
      order: { version: 3, itemCount: 1, position: skipped.position },
    });
    expect(await faults()).toEqual([]);

    // Another generation, and the rest of the stream.
    const before = await generations();
    await operate('rebuildView', { view: 'order_view' });
    await eventually(async () => {
      expect(await generations()).toEqual([{ generation: before[0]!.generation + 1, live: true }]);
    });
    expect(await ask(read, { id: orderId, atLeast: skipped.position })).toEqual({
      order: { version: 3, itemCount: 1, position: skipped.position },
    });
    expect(await parkedStreams()).toEqual([]);
    expect(await faults()).toEqual([]);
    for (const name of ['retryParkedStream', 'skipParkedStream']) {
      expect(await operate(name, { streamId: orderId })).toMatchObject({ reason: 'STREAM_NOT_PARKED' });
    }
  });

  test('is listed in pages, in the order of the events', async () => {
    const orders = [await newOrder(), await newOrder(), await newOrder()];
    for (const orderId of orders) {
      await damaged(orderId, () =>
        ask(add, { input: { orderId, productId: shop.productId, quantity: 4 } }, shop.customer.token),
      );
    }
    await eventually(async () => expect(await parkedStreams()).toHaveLength(3));
    const page = `query ($first: Int, $after: String, $last: Int, $before: String) {
      parkedStreams(first: $first, after: $after, last: $last, before: $before) {
        nodes { streamId } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    interface Page {
      readonly parkedStreams: { readonly pageInfo: { readonly startCursor: string; readonly endCursor: string } };
    }
    const first = await ask<Page>(page, { first: 2 });
    expect(first).toMatchObject({
      parkedStreams: {
        nodes: [{ streamId: orders[0] }, { streamId: orders[1] }],
        totalCount: 3,
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    });
    const second = await ask<Page>(page, { first: 2, after: first.parkedStreams.pageInfo.endCursor });
    expect(second).toMatchObject({
      parkedStreams: { nodes: [{ streamId: orders[2] }], pageInfo: { hasNextPage: false, hasPreviousPage: true } },
    });
    expect(await ask<Page>(page, { last: 1, before: second.parkedStreams.pageInfo.startCursor })).toMatchObject({
      parkedStreams: { nodes: [{ streamId: orders[1] }], pageInfo: { hasNextPage: true, hasPreviousPage: true } },
    });
    for (const streamId of orders) await operate('skipParkedStream', { streamId });
    await eventually(async () => expect(await parkedStreams()).toEqual([]));
    expect(await faults()).toEqual([]);
  });
});

describe('an erasure', () => {
  test('by a process that may not change keys erases the customer everywhere, under the name of the operator', async () => {
    const { id, token } = await registered(app.url, 'Quentin Quux', 'quux@example.org');
    const orderId = await newOrder(token, { reference: 'quux ring' });
    const erased = await operate('eraseCustomer', { customerId: id, idempotencyKey: 'erase-1' });
    expect(erased).toMatchObject({ __typename: 'CustomerCommandPayload' });
    const everything = `query ($customer: ID!, $order: ID!) {
      customer(id: $customer) { name email erasedAt orders { nodes { reference } } }
      order(id: $order) { reference history { nodes { type data actor } } } }`;
    const seen = await ask<object>(everything, { customer: id, order: orderId });
    expect(JSON.stringify(seen)).not.toMatch(/quux/i);
    expect(seen).toMatchObject({
      customer: { name: '[erased]' },
      order: { history: { nodes: [{ type: 'OrderCreated' }, { type: 'OrderErased', actor: 'olga' }] } },
    });
    const key = `SELECT length(key) AS bytes FROM customer_keys WHERE customer_id = '${id}'`;
    expect(await rowsOf(key)).toEqual([{ bytes: 0 }]);
    expect(await eventAt(erased.position!)).toMatchObject({
      type: 'OrderErased',
      streamId: orderId,
      actor: 'olga',
      actorRole: 'OPERATOR',
    });
    // A repeat is the same command; the key of another one is rejected before anything is erased.
    expect(await operate('eraseCustomer', { customerId: id, idempotencyKey: 'erase-1' })).toEqual(erased);
    const other = await registered(app.url, 'Zoe', 'zoe@example.org');
    expect(await operate('eraseCustomer', { customerId: other.id, idempotencyKey: 'erase-1' })).toMatchObject({
      __typename: 'IdempotencyKeyReusedError',
    });
    expect(await ask('query ($id: ID!) { customer(id: $id) { name } }', { id: other.id })).toEqual({
      customer: { name: 'Zoe' },
    });
    await eventually(async () => expect(await faults()).toEqual([]));
  });

  test('of a customer who does not exist is not found', async () => {
    expect(await operate('eraseCustomer', inputs['eraseCustomer']!)).toMatchObject({ __typename: 'NotFoundError' });
  });

  test('is required before the database deletes a key for the serving role', async () => {
    const { id } = await registered(app.url, 'Kept', 'kept@example.org');
    const erase = onDatabase(role.url, client => client.query('SELECT erase_customer_key($1)', [id]));
    await expect(erase).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the processes', () => {
  let other: SpawnedApp | undefined;
  afterAll(() => other?.kill('SIGKILL'));

  interface Listed {
    readonly processes: readonly {
      readonly id: string;
      readonly roles: readonly string[];
      readonly release: string;
      readonly sockets: number;
    }[];
  }
  const list = '{ processes { id release host roles startedAt lastSeenAt sockets subscriptions lagEvents } }';

  test('see each other, also one of another release; one that was killed is left out', async () => {
    const spawned = (other = await spawnApp({ DATABASE_URL: role.url }));
    await eventually(async () => {
      for (const url of [app.url, spawned.url]) {
        const { data } = await (await openAsker.HTTP(url, shop.staff)).ask<Listed>(list);
        expect(data!.processes.map(({ roles }) => roles)).toEqual([
          ['API', 'PROJECTOR'],
          ['API', 'PROJECTOR'],
        ]);
      }
    });
    await onDatabase(database.url, client =>
      client.query(
        `UPDATE processes SET release = '99.0.0' WHERE started_at = (SELECT max(started_at) FROM processes)`,
      ),
    );
    expect((await ask<Listed>(list)).processes.map(({ release }) => release)).toContain('99.0.0');
    await spawned.kill('SIGKILL');
    await onDatabase(database.url, client =>
      client.query(`UPDATE processes SET seen_at = seen_at - interval '12 seconds' WHERE release = '99.0.0'`),
    );
    await eventually(async () => expect((await ask<Listed>(list)).processes).toHaveLength(1));
  });

  test('are not shown to customers', async () => {
    const { errors } = await (await openAsker.HTTP(app.url, shop.customer.token)).ask(list);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

test('a token with an unknown role is rejected', async () => {
  const { errors } = await (
    await openAsker.HTTP(app.url, await tokenOf({ role: 'admin', sub: 'x' }))
  ).ask('{ viewer { role } }');
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});
