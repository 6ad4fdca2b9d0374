import { parse } from 'graphql';
import { afterEach, expect, test, vi } from 'vitest';
import { withEntityFields } from '../../../src/client/entity-fields.ts';
import { createEntityVersions } from '../../../src/client/entity-versions.ts';
import type { Data, Variables } from '../../../src/client/data.ts';

const entities = createEntityVersions();
afterEach(() => {
  entities.clear();
  vi.useRealTimers();
});

const document = (text: string) => withEntityFields(parse(text));
const admit = (text: string, data: Data, variables: Variables = {}) => entities.admit(document(text), variables, data);
const renew = (text: string, data: Data, variables: Variables = {}) => entities.renew(document(text), variables, data);

const entity = (__typename: string, id: string, version: number, fields: object = {}) => ({
  __typename,
  id,
  version,
  position: String(version * 10),
  ...fields,
});
const order = (version: number, fields: object = {}) => entity('Order', 'ord_1', version, fields);
const page = (position: string, fields: object) => ({ __typename: 'OrderConnection', position, ...fields });

test('an older answer gets the newer version', () => {
  admit('{ order(id: "ord_1") { status total { amount } } }', {
    order: order(2, { status: 'B', total: { amount: '2' } }),
  });
  expect(admit('{ order(id: "ord_1") { status } }', { order: order(1, { status: 'A' }) })).toEqual({
    order: order(2, { status: 'B' }),
  });
  expect(entities.known('Order:ord_1')).toEqual({ version: 2, position: '20' });
});

test('an older answer that selects an unknown field of the newer version has to be asked again', () => {
  admit('{ order(id: "ord_1") { status } }', { order: order(2, { status: 'B' }) });
  expect(admit('{ order(id: "ord_1") { number } }', { order: order(1, { number: 'N' }) })).toBeUndefined();
  expect(entities.known('Order:ord_1')?.version).toBe(2);
});

test('frames, commands, refusals and nodes are about the same entity', () => {
  const text = `mutation { confirmOrder(input: { orderId: "ord_1" }) { ... on RejectedError { current { ... on Order { status } } } } }`;
  admit('subscription { orderUpdated(id: "ord_1") { order { status } } }', {
    orderUpdated: { order: order(3, { status: 'C' }) },
  });
  expect(admit(text, { confirmOrder: { __typename: 'RejectedError', current: order(2, { status: 'B' }) } })).toEqual({
    confirmOrder: { __typename: 'RejectedError', current: order(3, { status: 'C' }) },
  });
  expect(admit('{ node(id: "ord_1") { ... on Order { state: status } } }', { node: order(1, { state: 'A' }) })).toEqual(
    {
      node: order(3, { state: 'C' }),
    },
  );
});

test('an answer that has an entity in two versions gets the newer one in both places', () => {
  const data = { a: order(1, { status: 'A' }), b: order(2, { status: 'B' }) };
  expect(admit('{ a: order(id: "ord_1") { status } b: order(id: "ord_1") { status } }', data)).toEqual({
    a: data.b,
    b: data.b,
  });
});

test('an older page gets the rows of the newer page; a page with other arguments is another page', () => {
  const text = 'query ($first: Int) { orders(first: $first) { nodes { status } } }';
  const newer = { orders: page('20', { nodes: [order(2, { status: 'B' })] }) };
  const older = { orders: page('10', { nodes: [] }) };
  admit(text, newer, { first: 2 });
  expect(admit(text, older, { first: 2 })).toEqual(newer);
  expect(admit(text, older, { first: 3 })).toBe(older);
  expect(admit('{ orders(first: 2, atLeast: "10") { nodes { status } } }', older)).toEqual(newer);
});

test('a newer version of a customer does not replace the page of their orders in the answer', () => {
  const text = '{ customer(id: "cus_1") { name orders { nodes { status } } } }';
  admit('{ customer(id: "cus_1") { name } }', { customer: entity('Customer', 'cus_1', 2, { name: 'new' }) });
  const orders = page('30', { nodes: [order(1, { status: 'A' })] });
  expect(admit(text, { customer: entity('Customer', 'cus_1', 1, { name: 'old', orders }) })).toEqual({
    customer: entity('Customer', 'cus_1', 2, { name: 'new', orders }),
  });
});

test('totals have no version: those that arrived last are the newest', () => {
  const text = '{ customer(id: "cus_1") { orderTotals { orderCount } } }';
  const data = (orderCount: number, version = 1) => ({
    customer: entity('Customer', 'cus_1', version, { orderTotals: { __typename: 'CustomerOrderTotals', orderCount } }),
  });
  admit(text, data(1, 2));
  expect(admit(text, data(2))).toEqual(data(2, 2));
  expect(renew(text, data(1, 2))).toEqual(data(2, 2));
});

test('at one version the later position wins, and fields that only the earlier one has are kept', () => {
  const at = (position: string, fields: object) => ({ order: { ...order(1), position, ...fields } });
  const [both, names] = ['{ order(id: "ord_1") { status number } }', '{ order(id: "ord_1") { number } }'];
  admit(names, at('30', { number: 'late' }));
  expect(admit(both, at('20', { status: 'A', number: 'early' }))).toEqual(at('30', { status: 'A', number: 'late' }));
  // The status was read at 20.
  expect(admit(both, at('25', { status: 'B', number: 'early' }))).toEqual(at('30', { status: 'B', number: 'late' }));
  expect(admit(both, at('22', { status: 'C', number: 'early' }))).toEqual(at('30', { status: 'B', number: 'late' }));
});

test('what an error made null is healed by what is known of this version, and is no news', () => {
  const text = '{ order(id: "ord_1") { lines { product { name } } } }';
  const data = (product: Data | null) => ({ order: order(1, { lines: [{ product }, { product: null }] }) });
  const whole = data(entity('Product', 'prd_1', 1, { name: 'P' }));
  admit(text, whole);
  expect(admit(text, data(null))).toEqual(whole);
});

test('a field that the answer lacks stays out of it', () => {
  admit('{ order(id: "ord_1") { status } }', { order: order(2, { status: 'B' }) });
  const text =
    'query ($no: Boolean = false) { order(id: "ord_1") { status number @include(if: $no) reference @skip(if: true) } }';
  expect(admit(text, { order: order(1, { status: 'A' }) })).toEqual({ order: order(2, { status: 'B' }) });
  expect(admit('{ order(id: "ord_1") { status number } }', { order: order(1, { status: 'A' }) })).toEqual({
    order: order(2, { status: 'B' }),
  });
});

test('an object that became null, or a list that became shorter, is so in an older answer too', () => {
  const text = '{ order(id: "ord_1") { shipment { carrier } lines { quantity } } }';
  const newer = { order: order(2, { shipment: null, lines: [{ quantity: 2 }] }) };
  admit(text, newer);
  const lines = [{ quantity: 1 }, { quantity: 1 }];
  expect(admit(text, { order: order(1, { shipment: { carrier: 'C' }, lines }) })).toEqual(newer);
  expect(admit('{ order(id: "ord_2") { status } }', { order: null })).toEqual({ order: null });
});

test('an entity without a version is no entity: it stays as it is', () => {
  const text = '{ order(id: "ord_1") { version: itemCount } }';
  admit('{ order(id: "ord_1") { itemCount } }', { order: order(5, { itemCount: 9 }) });
  const data = { order: order(1, {}) };
  expect(admit(text, data)).toBe(data);
  const past = { orderAt: { id: 'ord_1', version: 1, status: 'A' } };
  expect(admit('{ orderAt(id: "ord_1", at: { version: 1 }) { id version status } }', past)).toBe(past);
});

test('objects that are up to date stay the same objects', () => {
  const text = '{ orders { nodes { status availableActions customer { name } } } }';
  const customer = entity('Customer', 'cus_1', 1, { name: 'C' });
  const row = (id: string, version: number) =>
    entity('Order', id, version, { status: 'A', availableActions: ['SHIP'], customer });
  admit('{ order(id: "b") { status availableActions customer { name } } }', { order: row('b', 2) });
  const data = { orders: page('10', { nodes: [row('a', 1), row('b', 1)] }) };
  const admitted = admit(text, data) as typeof data & { orders: { nodes: Data[] } };
  expect(admitted.orders.nodes[0]).toBe((data.orders as unknown as { nodes: Data[] }).nodes[0]);
  expect(admitted.orders.nodes[1]).toEqual(row('b', 2));
  // Lists of scalars are other lists in each answer.
  const again = structuredClone(admitted);
  expect(admit(text, again)).toBe(again);
  expect(renew(text, again)).toBe(again);
});

test('a renewal records nothing, and leaves an entity as it is if a field of its newer version is unknown', () => {
  const text = '{ order(id: "ord_1") { status customer { name } } }';
  const customer = (version: number) => entity('Customer', 'cus_1', version, { name: `v${version}` });
  admit('{ order(id: "ord_1") { status } }', { order: order(2, { status: 'B' }) });
  admit('{ customer(id: "cus_1") { name } }', { customer: customer(2) });
  expect(renew(text, { order: order(1, { status: 'A', customer: customer(1) }) })).toEqual({
    order: order(1, { status: 'A', customer: customer(2) }),
  });
  const newest = { order: order(3, { status: 'C', customer: customer(3) }) };
  expect(renew(text, newest)).toBe(newest);
  expect(entities.known('Order:ord_1')?.version).toBe(2);
});

test('a renewal keeps the rows of a list, and renews each: a cache may have joined pages', () => {
  const text = '{ orders { nodes { status } } }';
  const other = entity('Order', 'ord_2', 1, { status: 'A' });
  admit(text, { orders: page('20', { nodes: [order(2, { status: 'B' })] }) });
  expect(renew(text, { orders: page('10', { nodes: [order(1, { status: 'A' }), other] }) })).toEqual({
    orders: page('10', { nodes: [order(2, { status: 'B' }), other] }),
  });
});

test('one row of a list is renewed by its fragment', () => {
  const fragments = document('fragment Row on Order { status ...More } fragment More on Order { total { amount } }');
  const row = (version: number) => order(version, { status: `${version}`, total: { amount: `${version}` } });
  admit('{ order(id: "ord_1") { status total { amount } } }', { order: row(2) });
  expect(entities.renewEntity(fragments, 'Row', {}, row(1))).toEqual(row(2));
  const current = row(2);
  expect(entities.renewEntity(fragments, 'Row', {}, current)).toBe(current);
});

test('listeners get the keys of what changed, and nothing if an answer brought nothing new', () => {
  const keys: string[][] = [];
  const end = entities.subscribe(changed => keys.push([...changed]));
  const text = '{ order(id: "ord_1") { status } }';
  for (const version of [1, 2, 2, 1]) admit(text, { order: order(version, { status: `${version}` }) });
  expect(keys).toEqual([['Order:ord_1'], ['Order:ord_1']]);
  end();
  admit(text, { order: order(3, { status: '3' }) });
  expect(keys).toHaveLength(2);
});

test('the known values of scalars are given by name', () => {
  admit('{ order(id: "ord_1") { status reference total { amount } customer { name } } }', {
    order: order(1, {
      status: 'A',
      reference: null,
      total: { amount: '1' },
      customer: entity('Customer', 'c', 1, { name: 'C' }),
    }),
  });
  expect(entities.scalars('Order:ord_1', ['status', 'reference', 'number', 'total', 'customer'])).toEqual({
    status: 'A',
    reference: null,
  });
  expect(entities.scalars('Order:ord_2', ['status'])).toEqual({});
});

test('beyond 1,000 records, those are dropped that nothing touched for 60 s; a renewal touches', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const nodes = document('{ node(id: "x") { id } }');
  const data = (id: number) => ({ node: entity('Order', String(id), 2) });
  const isKnown = (id: number) => entities.known(`Order:${id}`) !== undefined;
  for (let id = 0; id < 1_500; id++) entities.admit(nodes, {}, data(id));
  vi.advanceTimersByTime(59_000);
  entities.renew(nodes, {}, data(0));
  entities.admit(nodes, {}, data(1_500));
  expect([0, 1, 499, 1_499].filter(isKnown)).toEqual([0, 1, 499, 1_499]);
  vi.advanceTimersByTime(2_000);
  entities.admit(nodes, {}, data(1_501));
  // 1,502 records, of which 1,499 are old: the oldest 502 are gone.
  expect([0, 1, 502, 503, 1_499, 1_500, 1_501].filter(isKnown)).toEqual([0, 503, 1_499, 1_500, 1_501]);
});
