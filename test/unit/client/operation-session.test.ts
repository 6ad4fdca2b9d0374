import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { openOperationSession } from '../../../src/client/operation-session.ts';
import { createSeen } from '../../../src/client/seen.ts';

const at = (point: number, hash = 'aaaaaaaaaaaa') => `${point.toString(16).padStart(13, '0')}-${hash}`;
const answer = (point: number) => ({ data: { orders: [] }, extensions: { position: at(point) } });
const frame = (point: number, kind = 'UPDATE') => ({ data: {}, extensions: { position: at(point), kind } });
const failure = (code: string, more: object = {}) => ({
  data: null,
  errors: [{ message: code, extensions: { code, ...more } }],
});

const query = 'query { orders(first: 3) { nodes { id } } }';
const create = 'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { __typename } }';
const watch = 'subscription ($id: ID!) { orderUpdated(id: $id) { order { id } } }';

function seenAt(point: number) {
  const seen = createSeen();
  seen.note(at(point));
  return seen;
}

/** Returns the same response until it is delivered or rejected; counts the requests. */
function insist(session: ReturnType<typeof openOperationSession>, given: ReturnType<typeof failure | typeof answer>) {
  for (let times = 1; ; times++) {
    const verdict = session.take(given);
    if (typeof verdict !== 'number') return { times, verdict };
    expect(verdict).toBeLessThanOrEqual(1_000);
    session.send();
  }
}

test('a query is sent with the position that was seen, also with that of a mutation', () => {
  const seen = createSeen();
  const mutation = openOperationSession({ query: create, variables: { input: {} } }, { seen });
  expect(mutation.send()).toBe(undefined);
  const done = { data: { createOrder: { __typename: 'OrderCommandPayload' } }, extensions: { position: at(7) } };
  expect(mutation.take(done)).toBe(done);
  expect(openOperationSession({ query }, { seen }).send()).toBe(at(7));
});

test('a declared `atLeast` is raised to the position that was seen, for transports without headers', () => {
  const given = 'query ($p: Position) { orders(first: 3, atLeast: $p) { nodes { id } } }';
  const bare = openOperationSession({ query: given }, { seen: seenAt(7) });
  const low = openOperationSession({ query: given, variables: { p: at(3) } }, { seen: seenAt(7) });
  const high = openOperationSession({ query: given, variables: { p: at(9) } }, { seen: seenAt(7) });
  for (const one of [bare, low, high]) one.send();
  expect([bare, low, high].map(one => one.request.variables['p'])).toEqual([at(7), at(7), at(9)]);
});

test('a response that is older than what was seen at its request is never delivered', () => {
  const seen = seenAt(7);
  const session = openOperationSession({ query }, { seen });
  session.send();
  const { times, verdict } = insist(session, answer(6));
  expect(times).toBeGreaterThan(5);
  expect(verdict).toMatchObject({ errors: [{ extensions: { code: 'VIEW_LAGGING', position: at(6) } }] });
});

test('a response that newer ones have overtaken is not requested again: it contains what was seen at its request', () => {
  const seen = seenAt(5);
  const session = openOperationSession({ query }, { seen });
  session.send();
  seen.note(at(8));
  expect(session.take(answer(6))).toEqual(answer(6));
});

test('a response that cannot be brought up to date is requested again, a limited number of times, and never delivered', () => {
  const session = openOperationSession({ query }, { admit: () => undefined });
  session.send();
  const { times, verdict } = insist(session, answer(6));
  expect(times).toBe(11);
  expect(verdict).toMatchObject({ errors: [{ extensions: { code: 'VIEW_LAGGING' } }] });
});

test('a command whose response is outdated is not repeated: its result is delivered without the state of the order', () => {
  const session = openOperationSession({ query: create, variables: { input: {} } }, { admit: () => undefined });
  session.send();
  const payload = { orderId: 'ord_1', version: 1, order: { id: 'ord_1', version: 1 } };
  expect(session.take({ data: { createOrder: payload } })).toEqual({
    data: { createOrder: { orderId: 'ord_1', version: 1, order: null } },
  });
});

test('a frame that cannot be brought up to date is asked for again; one that a newer frame follows is left out', () => {
  const seen = createSeen();
  let admitted: object | null | undefined;
  const session = openOperationSession(
    { query: 'subscription { orderUpdated(id: 1) { order { id } } }' },
    { seen, admit: data => (admitted === undefined || admitted === null ? admitted : data) },
  );
  session.send();
  const frame = (point: number) => ({ data: { a: point }, extensions: { position: at(point), kind: 'UPDATE' } });
  expect(session.take(frame(3))).toEqual(expect.any(Number));
  expect(session.request.extensions['after']).toBe(undefined);
  admitted = {};
  expect(session.take(frame(3))).toEqual(frame(3));
  admitted = null;
  expect(session.take(frame(4))).toBe(undefined);
  expect(session.request.extensions['after']).toBe(at(4));

  // It must not hold up later ones for ever.
  admitted = undefined;
  let tries = 0;
  while (session.take(frame(5)) !== undefined) tries++;
  expect(tries).toBe(10);
  expect(session.request.extensions['after']).toBe(at(5));
});

test('a response of an earlier log is requested again, even if its position is high', () => {
  const seen = seenAt(5);
  const session = openOperationSession({ query }, { seen });
  session.send();
  seen.reset(at(2));
  expect(session.take(answer(9))).toEqual(expect.any(Number));
  session.send();
  expect(session.take(answer(3))).toEqual(answer(3));
});

test('the first position of a repeated command is no outdated response', () => {
  const session = openOperationSession({ query: create, variables: { input: {} } }, { seen: seenAt(9) });
  session.send();
  expect(session.take(answer(4))).toEqual(answer(4));
});

test('a command gets a key, keeps its own one, and all its requests have the same', () => {
  const bare = openOperationSession({ query: create, variables: { input: { reference: 'a' } } }, {});
  const { input } = bare.request.variables as { input: { idempotencyKey: string } };
  expect(input).toEqual({ reference: 'a', idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(bare.take(failure('OUTCOME_UNKNOWN'))).toEqual(expect.any(Number));
  expect(bare.request.variables['input']).toBe(input);
  const own = openOperationSession({ query: create, variables: { input: { idempotencyKey: 'mine' } } }, {});
  expect(own.request.variables['input']).toEqual({ idempotencyKey: 'mine' });
});

test('the caller’s variables are not changed', () => {
  const variables = { input: {} };
  openOperationSession({ query: create, variables }, {});
  expect(variables).toEqual({ input: {} });
});

test.each([
  'mutation { createOrder(input: {}) { __typename } }',
  'mutation ($i: CreateOrderInput!) { a: createOrder(input: $i) { __typename } b: createOrder(input: $i) { __typename } }',
])('a command that cannot have its own key is sent once: %s', text => {
  const session = openOperationSession({ query: text, variables: { i: {} } }, {});
  expect(session.repeatable).toBe(false);
  expect(session.take(failure('OUTCOME_UNKNOWN'))).toEqual(failure('OUTCOME_UNKNOWN'));
  expect(session.fail()).toBe(undefined);
  // Unless the server says that nothing was stored.
  expect(session.take(failure('UNAVAILABLE'))).toEqual(expect.any(Number));
});

test.each(['VIEW_LAGGING', 'UNAVAILABLE', 'RATE_LIMITED', 'OUTCOME_UNKNOWN'])(
  '%s is retried a bounded number of times, then reported',
  code => {
    const session = openOperationSession({ query: create, variables: { input: {} } }, {});
    const { times, verdict } = insist(session, failure(code));
    expect(times).toBe(11);
    expect(verdict).toEqual(failure(code));
  },
);

test.each(['FORBIDDEN', 'BAD_USER_INPUT', 'INTERNAL', 'UNAUTHENTICATED'])('%s is reported at once', code => {
  expect(openOperationSession({ query }, {}).take(failure(code))).toEqual(failure(code));
});

test('the hints of the server take precedence over the code', () => {
  expect(openOperationSession({ query }, {}).take(failure('UNAVAILABLE', { retryable: false }))).toMatchObject({
    data: null,
  });
  expect(openOperationSession({ query }, {}).take(failure('INTERNAL', { retryable: true }))).toEqual(
    expect.any(Number),
  );
  expect(openOperationSession({ query }, {}).take(failure('RATE_LIMITED', { retryAfter: 3 }))).toBe(3_000);
});

test('a position of another log is dropped, reported once, and the query is sent without it', () => {
  const seen = seenAt(9);
  const onResync = vi.fn();
  const [one, other] = [
    openOperationSession({ query }, { seen, onResync }),
    openOperationSession({ query }, { seen, onResync }),
  ];
  expect([one.send(), other.send()]).toEqual([at(9), at(9)]);
  expect([one.take(failure('STALE_POSITION')), other.take(failure('STALE_POSITION'))]).toEqual([0, 0]);
  expect(onResync.mock.calls).toEqual([[undefined]]);
  expect(one.send()).toBe(undefined);
  expect(one.take(answer(4))).toEqual(answer(4));
  expect(seen.position).toBe(at(4));
  expect(other.take(failure('STALE_POSITION'))).toEqual(failure('STALE_POSITION'));
});

test('the seen position is sent as header and `extensions.atLeast`, but not with a subscription, which shares its frames', () => {
  const seen = seenAt(9);
  const session = openOperationSession({ query }, { seen });
  session.send();
  expect(session.request.extensions).toEqual({ atLeast: at(9) });
  expect(session.take(failure('STALE_POSITION'))).toBe(0);
  session.send();
  expect(session.request.extensions).toEqual({});
  const later = openOperationSession({ query, extensions: { atLeast: at(12) } }, { seen: seenAt(9) });
  later.send();
  expect(later.request.extensions).toEqual({ atLeast: at(12) });
  for (const text of [
    'subscription { a }',
    '# a feed\nsubscription A { a }',
    'fragment F on X { a } subscription { ...F }',
  ]) {
    const listening = openOperationSession({ query: text }, { seen: seenAt(9) });
    expect(listening.send()).toBeUndefined();
    expect(listening.request.extensions).toEqual({});
  }
});

test('a subscription is sent again with its last frame’s position, as an extension and as its own argument', () => {
  const own = 'subscription ($id: ID!, $from: Position) { orderUpdated(id: $id, after: $from) { order { id } } }';
  const session = openOperationSession({ query: own, variables: { id: 'ord_1', from: at(3) } }, {});
  const { request } = session;
  expect(request.variables).toEqual({ id: 'ord_1', from: at(3) });
  session.take(frame(5));
  expect(request).toMatchObject({ variables: { id: 'ord_1', from: at(5) }, extensions: { after: at(5) } });
});

test('the position of a page in a subscription is not changed by positions from elsewhere', () => {
  const own =
    'subscription ($id: ID!, $after: Position) { customerOrdersUpdated(customerId: $id, after: $after) { orderId } }';
  const session = openOperationSession({ query: own, variables: { after: at(3) } }, { seen: seenAt(9) });
  session.send();
  expect(session.request.variables).toEqual({ after: at(3) });
  expect(session.take(frame(4))).toEqual(frame(4));
});

test('the `after` of a nested page is not changed', () => {
  const nested =
    'subscription ($id: ID!, $cursor: String) { orderUpdated(id: $id) { order { history(after: $cursor) { nodes { id } } } } }';
  const session = openOperationSession({ query: nested, variables: { cursor: 'abc' } }, {});
  session.take(frame(5));
  expect(session.request.variables).toEqual({ cursor: 'abc' });
});

test('RESYNC is delivered, reported, and resumed from, however low its position', () => {
  const seen = seenAt(9);
  const onResync = vi.fn();
  const session = openOperationSession({ query: watch }, { seen, onResync });
  session.take(frame(9));
  expect(session.take(frame(2, 'RESYNC'))).toEqual(frame(2, 'RESYNC'));
  expect(onResync.mock.calls).toEqual([[at(2)]]);
  expect(seen.position).toBe(at(2));
  expect(session.request.extensions['after']).toBe(at(2));
  expect(session.take(frame(3))).toEqual(frame(3));
});

test('a live subscription is resumed however long the server is down, also with an expired token', () => {
  const session = openOperationSession({ query: watch }, {});
  for (let time = 0; time < 60; time++) expect(session.fail()).toBeLessThanOrEqual(1_000);
  expect(session.fail()).toBe(undefined);
  session.take(frame(5));
  for (let time = 0; time < 100; time++) expect(session.fail()).toBeLessThanOrEqual(1_000);
  expect(session.take(failure('UNAUTHENTICATED'))).toEqual(expect.any(Number));
});

test('a live subscription is resumed however long the database is down, even if its token expires during the outage', () => {
  const session = openOperationSession({ query: watch }, {});
  session.take(frame(5));
  for (let time = 0; time < 100; time++) expect(session.take(failure('UNAVAILABLE'))).toBeLessThanOrEqual(1_000);
  const { times, verdict } = insist(session, failure('UNAUTHENTICATED'));
  expect(times).toBe(11); // a bad token is not retried for ever
  expect(verdict).toEqual(failure('UNAUTHENTICATED'));
});

test('a state that changed at the same position is delivered; an earlier change is not', () => {
  const session = openOperationSession({ query: watch }, {});
  session.take(frame(5));
  expect(session.take(frame(5, 'SNAPSHOT'))).toEqual(frame(5, 'SNAPSHOT'));
  expect(session.take(frame(5, 'PROGRESS'))).toEqual(frame(5, 'PROGRESS'));
  expect(session.take(frame(5))).toBe(undefined);
  expect(session.take(frame(4, 'SNAPSHOT'))).toBe(undefined);
});

test('a failed frame is requested again from the last good one, and not skipped', () => {
  const seen = createSeen();
  const session = openOperationSession({ query: watch }, { seen });
  session.take(frame(4));
  expect(session.take({ ...frame(5), ...failure('UNAVAILABLE') })).toEqual(expect.any(Number));
  expect(session.request.extensions['after']).toBe(at(4));
  expect(seen.position).toBe(at(4));
  expect(session.take(frame(5))).toEqual(frame(5));
  expect(session.request.extensions['after']).toBe(at(5));
});

test('a frame that always fails is reported and not skipped; one of another log is resumed from', () => {
  const seen = seenAt(9);
  const session = openOperationSession({ query: watch }, { seen });
  session.take(frame(4));
  const broken = { ...frame(5), ...failure('INTERNAL') };
  expect(session.take(broken)).toEqual(broken);
  expect(session.request.extensions['after']).toBe(at(4));
  const other = { ...frame(2, 'RESYNC'), ...failure('UNAVAILABLE') };
  expect(session.take(other)).toEqual(other);
  expect(session.request.extensions['after']).toBe(at(2));
});

test('a frame that fails each time is not requested faster because PROGRESS comes before it', () => {
  const session = openOperationSession({ query: watch }, {});
  session.take(frame(4));
  for (let time = 0; time < 10; time++) {
    session.take(frame(4, 'PROGRESS'));
    session.take({ ...frame(5), ...failure('UNAVAILABLE') });
  }
  session.take(frame(4, 'PROGRESS'));
  expect(session.take({ ...frame(5), ...failure('UNAVAILABLE') })).toBeGreaterThanOrEqual(500);
});

test('a request that the server rejects is not repeated; one that failed in the server is', () => {
  expect(openOperationSession({ query }, {}).fail(400)).toBe(undefined);
  expect(openOperationSession({ query }, {}).fail(502)).toEqual(expect.any(Number));
});

test('if frames arrive twice or late over any number of connections, each is delivered once and positions only rise', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 60 }), points => {
      const session = openOperationSession({ query: watch }, {});
      const delivered = points.filter(point => session.take(frame(point)) !== undefined);
      expect(delivered).toEqual([...new Set(delivered)].sort((a, b) => a - b));
      expect(delivered.at(-1)).toBe(Math.max(...points));
      expect(session.request.extensions['after']).toBe(at(Math.max(...points)));
    }),
  );
});
