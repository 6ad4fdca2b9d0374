// What an operator may do by the API, and how it is shown.
import { afterAll, describe, expect, test } from 'vitest';
import { type SpawnedApp, spawnApp } from '../support/app.ts';
import { openAsker } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { registered } from '../support/shop.ts';
import { token as tokenOf } from '../support/tokens.ts';
import { useDesk } from './operator/desk.ts';

const { database, desk, operate, ask, eventAt, rowsOf, faults, newOrder, addItem } = useDesk();

const inputs: Readonly<Record<string, object>> = {
  rebuildView: { view: 'order_view' },
  abandonRebuild: {},
  retryParkedStream: { streamId: 'ord_00000000-0000-4000-8000-000000000001' },
  skipParkedStream: { streamId: 'ord_00000000-0000-4000-8000-000000000001' },
  eraseCustomer: { customerId: 'cus_00000000-0000-4000-8000-000000000001' },
};

describe.each(Object.entries(inputs))('%s', (name, input) => {
  test.each(['staff', 'customer', 'nobody'])('is rejected for %s, and stores nothing', async caller => {
    const tokens = { staff: desk.shop.staff, customer: desk.shop.customer.token };
    const asker = await openAsker.HTTP(desk.app.url, (tokens as Record<string, string | undefined>)[caller]);
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
  await ask(submit, { input: { orderId } }, desk.shop.customer.token);
  const confirm = `mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) {
    ... on OrderCommandPayload { position order { status availableActions } } } }`;
  const confirmed = await ask<{ confirmOrder: { position: string } }>(confirm, { input: { orderId } });
  expect(confirmed).toMatchObject({
    confirmOrder: { order: { status: 'CONFIRMED', availableActions: ['SHIP', 'CANCEL'] } },
  });
  expect(await eventAt(confirmed.confirmOrder.position)).toMatchObject({ actor: 'olga', actorRole: 'OPERATOR' });
  expect(await eventAt(placed)).toMatchObject({ actor: desk.shop.customer.id, actorRole: 'CUSTOMER' });
  const read =
    '{ viewer { role subject } orders { totalCount } salesByDay(from: "2000-01-01", to: "2999-12-31", currency: "EUR") { orderCount } orderCounts { orderCount } }';
  expect(await ask(read)).toMatchObject({ viewer: { role: 'OPERATOR', subject: 'olga' }, orders: { totalCount: 1 } });
  // The customer does not learn the name.
  const history = `query ($id: ID!) { order(id: $id) { history { nodes { type actor } } } }`;
  const { order } = await ask<{ order: { history: { nodes: { type: string; actor: string }[] } } }>(
    history,
    { id: orderId },
    desk.shop.customer.token,
  );
  expect(order.history.nodes.find(({ type }) => type === 'OrderConfirmed')).toMatchObject({ actor: 'staff' });
});

describe('an erasure', () => {
  test('by a process that may not change keys erases the customer everywhere, under the name of the operator', async () => {
    const { id, token } = await registered(desk.app.url, 'Quentin Quux', 'quux@example.org');
    const orderId = await newOrder(token, { reference: 'quux ring' });
    const erased = await operate('eraseCustomer', { customerId: id, idempotencyKey: 'erase-1' });
    expect(erased).toMatchObject({ __typename: 'CustomerCommandPayload' });
    const everything = `query ($customer: ID!, $order: ID!, $at: Position) {
      customer(id: $customer, atLeast: $at) { name email erasedAt orders { nodes { reference } } }
      order(id: $order) { reference history { nodes { type data actor } } } }`;
    const seen = await ask<object>(everything, { customer: id, order: orderId, at: erased.position });
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
    const other = await registered(desk.app.url, 'Zoe', 'zoe@example.org');
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
    const { id } = await registered(desk.app.url, 'Kept', 'kept@example.org');
    const erase = onDatabase(desk.role.url, client => client.query('SELECT erase_customer_key($1)', [id]));
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
    const spawned = (other = await spawnApp({ DATABASE_URL: desk.role.url }));
    await eventually(async () => {
      for (const url of [desk.app.url, spawned.url]) {
        const { data } = await (await openAsker.HTTP(url, desk.shop.staff)).ask<Listed>(list);
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
    const { errors } = await (await openAsker.HTTP(desk.app.url, desk.shop.customer.token)).ask(list);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

test('a token with an unknown role is rejected', async () => {
  const { errors } = await (
    await openAsker.HTTP(desk.app.url, await tokenOf({ role: 'admin', sub: 'x' }))
  ).ask('{ viewer { role } }');
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});
