import { ApolloClient } from '@apollo/client';
import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apolloOperations, orderstreamApollo } from '../../../src/client/apollo.ts';
import type { Operations } from '../../../src/client/operations.ts';
import { at, type ControlledSession, controlledSession, frameOf, orderAt } from '../../support/controlled-session.ts';
import { eventually } from '../../support/eventually.ts';

const query = parse('query ($id: ID!) { order(id: $id) { status } }');
const watch = parse('subscription ($id: ID!) { orderUpdated(id: $id) { kind order { status } } }');
const variables = { id: 'ord_1' };

let controlled: ControlledSession;
let client: ApolloClient;
let operations: Operations;
/** The states that a page shows, without repeats. */
let shown: unknown[];

beforeEach(async () => {
  controlled = controlledSession();
  const { session, requests } = controlled;
  client = new ApolloClient(orderstreamApollo(session));
  operations = apolloOperations(client, session);
  shown = [];
  client.watchQuery<{ order: { status: string } }>({ query, variables }).subscribe(({ data }) => {
    const status = data?.order?.status;
    if (status !== undefined && status !== shown.at(-1)) shown.push(status);
  });
  await eventually(() => expect(requests.length).toBe(1));
  requests[0]!.answer({ data: { order: orderAt(3, 'SUBMITTED') }, extensions: { position: at(3) } });
  await eventually(() => expect(shown).toEqual(['SUBMITTED']));
});
afterEach(() => {
  client.stop();
  controlled.session.close();
});

async function subscribed(frames: unknown[] = []) {
  const { transports } = controlled;
  const leave = operations.subscribe(watch, variables, {
    next: ({ extensions }) => frames.push(extensions?.['position']),
    error: error => frames.push(error),
    complete: () => frames.push('complete'),
  });
  await eventually(() => expect(transports[0]?.streams.length).toBe(1));
  return { stream: transports[0]!.streams[0]!, leave };
}

test('an active query shows the state of a frame, and no older one afterwards', async () => {
  const { stream } = await subscribed();
  stream.next(frameOf(5, 'SHIPPED'));
  await eventually(() => expect(shown.at(-1)).toBe('SHIPPED'));
  const late = operations.query(query, variables);
  await eventually(() => expect(controlled.requests.length).toBe(2));
  controlled.requests[1]!.answer({ data: { order: orderAt(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  expect(await late).toMatchObject({ order: { status: 'SHIPPED' } });
  expect(shown).toEqual(['SUBMITTED', 'SHIPPED']);
  expect(controlled.requests.length).toBe(2);
});

test('an optimistic value is shown until the state at its position is known, with no older state between', async () => {
  const { stream } = await subscribed();
  const overlay = controlled.session.overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  await eventually(() => expect(shown.at(-1)).toBe('CONFIRMED'));
  overlay.confirm(at(4));
  stream.next(frameOf(4, 'CONFIRMED'));
  stream.next(frameOf(5, 'SHIPPED'));
  await eventually(() => expect(shown.at(-1)).toBe('SHIPPED'));
  expect(shown).toEqual(['SUBMITTED', 'CONFIRMED', 'SHIPPED']);
});

test('a withdrawn optimistic value disappears', async () => {
  const overlay = controlled.session.overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  await eventually(() => expect(shown.at(-1)).toBe('CONFIRMED'));
  overlay.withdraw();
  await eventually(() => expect(shown).toEqual(['SUBMITTED', 'CONFIRMED', 'SUBMITTED']));
});

test('after logout the cache holds nothing of the viewer, and nothing of them arrives', async () => {
  const frames: unknown[] = [];
  const { stream } = await subscribed(frames);
  const late = operations.query(query, variables);
  late.catch(() => undefined);
  await eventually(() => expect(controlled.requests.length).toBe(2));
  controlled.session.logout();
  stream.next(frameOf(5, 'SHIPPED'));
  controlled.requests[1]!.answer({ data: { order: orderAt(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  await expect(late).rejects.toThrow();
  expect(frames).toEqual(['complete']);
  expect(client.cache.extract()).toEqual({});
  expect(shown).toEqual(['SUBMITTED']);
});

test('after RESYNC active queries are asked again, once, and the older versions of the new log are shown', async () => {
  const { session, requests, transports } = controlled;
  await subscribed();
  session.seen.reset(at(2));
  transports[0]!.options.onResync(at(2));
  await eventually(() => expect(requests.length).toBe(2));
  requests[1]!.answer({ data: { order: orderAt(2, 'DRAFT') }, extensions: { position: at(2) } });
  await eventually(() => expect(shown).toEqual(['SUBMITTED', 'DRAFT']));
  expect(requests.length).toBe(2);
});

test('an error of the API reaches the caller with its code', async () => {
  const asked = operations.query(query, { id: 'ord_2' });
  asked.catch(() => undefined);
  await eventually(() => expect(controlled.requests.length).toBe(2));
  controlled.requests[1]!.answer({ data: null, errors: [{ message: 'No.', extensions: { code: 'FORBIDDEN' } }] });
  await expect(asked).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'No.' });
});

test('a page comes as the server answered it, although the cache joins the pages of a list', async () => {
  const page = parse(
    'query ($after: String) { orders(first: 1, after: $after) { edges { cursor node { status } } position } }',
  );
  const pageOf = (id: string, version: number) => ({
    __typename: 'OrderConnection',
    edges: [{ __typename: 'OrderEdge', cursor: id, node: { ...orderAt(version, 'SHIPPED'), id } }],
    position: at(version),
  });
  for (const [place, [after, id, version]] of (
    [
      [null, 'ord_2', 5],
      ['ord_2', 'ord_3', 7],
    ] as const
  ).entries()) {
    const asked = operations.query(page, { after });
    await eventually(() => expect(controlled.requests.length).toBe(place + 2));
    const data = { orders: pageOf(id, version) };
    controlled.requests[place + 1]!.answer({ data, extensions: { position: at(version) } });
    expect(await asked).toMatchObject({ orders: { edges: [{ cursor: id }], position: at(version) } });
  }
  expect(client.readQuery({ query: page, variables: { after: null } })).toMatchObject({
    orders: { edges: [{ cursor: 'ord_2' }, { cursor: 'ord_3' }] },
  });
});

test('a subscription of a live list selects `__typename`, without which the cache cannot merge objects without an id', async () => {
  const document = parse('subscription { orderUpdated(id: "ord_1") { order { total { amount } } } }');
  const leave = operations.subscribe(
    document,
    {},
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  await eventually(() => expect(controlled.transports[0]?.streams.length).toBe(1));
  expect(controlled.transports[0]!.streams[0]!.query).toMatch(/total \{\s+amount\s+__typename/);
  leave();
});
