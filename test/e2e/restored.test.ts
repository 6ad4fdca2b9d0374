import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatPosition } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { AddOrderItemDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { codesOf } from '../support/codes-of.ts';
import { type Carrier, openEventStream, openWatch, type Watch } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { type ForkedLog, forkedLog } from '../support/forked-log.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { customerToken, staffToken } from '../support/tokens.ts';
import type { Answer } from '../support/typed-document.ts';
import { sql } from '../../src/database/sql.ts';

/** The extensions of a frame, which every subscription has. */
interface FrameFields {
  readonly kind: string;
  readonly position: string;
}
const frameOf = ({ extensions }: Answer<unknown>): FrameFields => extensions as unknown as FrameFields;
let log: ForkedLog;
let app: TestApp;
let staff: string;
let customer: string;
/** The last position of the lost log. */
let lost: string;
/** Position of the last event that both logs have. */
let common: string;
/** Each kind of subscription to what exists in both logs, by name. */
let states: Readonly<Record<string, string>>;
let feeds: Readonly<Record<string, string>>;
/** The same of what no event has changed since the backup. */
let unchanged: Readonly<Record<string, string>>;

beforeAll(async () => {
  log = await forkedLog();
  const [first, second] = log.orders;
  lost = formatPosition(await readHead(log.lost.database));
  // Four events were stored since then in each log: three items and an order.
  const [event] = await log.lost.database.query<{ point: number; hash: string }>(sql`
    SELECT position::float8 AS point, encode(substr(hash, 1, 6), 'hex') AS hash FROM events
    ORDER BY position DESC OFFSET 4 LIMIT 1`);
  common = formatPosition(event!);
  [staff, customer] = [await staffToken(), await customerToken(log.customerId)];
  states = {
    'an order that had changed': `orderUpdated(id: "${first}" AFTER) { kind position order { version } }`,
    'an order that had not': `orderUpdated(id: "${second}" AFTER) { kind position order { version } }`,
    'a customer’s list': `customerOrdersUpdated(customerId: "${log.customerId}" AFTER) { kind position orderId }`,
    'the list of all orders': 'ordersUpdated(AFTER) { kind position orderId }',
    projections: 'projectionsUpdated { name position }',
  };
  unchanged = {
    'a customer': `customerUpdated(id: "${log.customerId}" AFTER) { kind position customer { name } }`,
    'the counts of all orders': 'orderCountsUpdated(AFTER) { kind position counts { orderCount } }',
    'the counts of a customer’s orders': `orderCountsUpdated(customerId: "${log.customerId}" AFTER) { kind position }`,
    'the list of products': 'productsUpdated(AFTER) { kind position productId }',
  };
  feeds = {
    'the feed of the log': 'eventsAppended(AFTER) { position }',
    'the feed of an order': `orderEvents(orderId: "${first}" AFTER) { position }`,
  };
  app = await startApp({ DATABASE_URL: log.url });
});
afterAll(async () => {
  await app.stop();
  await log.close();
});

function operation(field: string, after?: string): string {
  const argument = after === undefined ? '' : `, after: "${after}"`;
  return `subscription { ${field.replace(/\(AFTER\)/, argument && `(${argument.slice(2)})`).replace(' AFTER', argument)} }`;
}

function watch(carrier: Carrier, field: string, after?: string, extensions?: object): Promise<Watch<object>> {
  return openWatch[carrier](app.url, staff, operation(field, after), {}, extensions);
}

async function positions(): Promise<string[]> {
  return onDatabase(log.url, async client => {
    const { rows } = await client.query<{ position: string }>(
      `SELECT lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position
       FROM events ORDER BY events.position`,
    );
    return rows.map(({ position }) => position);
  });
}

async function addItem(orderId: string): Promise<string> {
  const input = { orderId, productId: log.productId };
  return accepted(await post(app.url, AddOrderItemDocument, { input }, { token: staff })).position;
}

/** The next frame that is not PROGRESS. */
async function nextChange(of: Watch<object>): Promise<Answer<unknown>> {
  for (;;) {
    const answer = await of.next();
    if (frameOf(answer).kind !== 'PROGRESS') return answer;
  }
}

test('if a database is restored to an earlier point and then gets other events, every connected subscriber gets one RESYNC and continues', async () => {
  const carriers = ['WebSocket', 'SSE'] as const;
  const open = async (fields: Readonly<Record<string, string>>, after?: string) =>
    Promise.all(
      carriers.flatMap(carrier =>
        Object.entries(fields).map(async ([name, field]) => ({
          name: `${name} over ${carrier}`,
          watching: await watch(carrier, field, after),
        })),
      ),
    );
  const watchers = await open(states);
  const followers = await open(feeds, lost);
  const others = await open(unchanged);
  const gone = await watch('WebSocket', `orderUpdated(id: "${log.lostOrder}" AFTER) { kind }`);
  for (const { watching } of [...watchers, ...others])
    expect(['SNAPSHOT', 'PROGRESS']).toContain(frameOf(await watching.next()).kind);
  expect(frameOf(await gone.next()).kind).toBe('SNAPSHOT');

  await log.restore();
  const restored = await positions();
  expect(restored).not.toContain(lost);
  for (const { name, watching } of [...watchers, ...others]) {
    const answer = await watching.next();
    expect([name, frameOf(answer).kind, answer.errors]).toEqual([name, 'RESYNC', undefined]);
    expect(restored, name).toContain(frameOf(answer).position);
  }
  for (const { name, watching } of followers) {
    const answer = await watching.next();
    expect([name, frameOf(answer).kind, codesOf(answer)]).toEqual([name, 'RESYNC', ['STALE_POSITION']]);
    expect(frameOf(answer).position).toBe(restored.at(-1));
    await expect(watching.next()).rejects.toThrow('complete');
    await watching.close();
  }
  expect(codesOf(await gone.next())).toEqual(['NOT_FOUND']);
  await gone.close();
  for (const { watching } of others) await watching.close();

  // Both orders change: all subscribers get the changes of this log, and nothing else.
  const [first, second] = log.orders;
  const [one, other] = [await addItem(first), await addItem(second)];
  await eventually(async () => {
    const { data } = await post(app.url, '{ orders { position } }', {}, { token: staff });
    expect((data as { orders: FrameFields }).orders.position).toBe(other);
  });
  for (const { name, watching } of watchers) {
    const expected = name.startsWith('an order that had not') ? other : one;
    const answer = await nextChange(watching);
    expect(answer.errors).toBeUndefined();
    expect([...restored, one, other], name).toContain(frameOf(answer).position);
    if (!name.startsWith('projections'))
      expect([name, frameOf(answer)]).toMatchObject([name, { kind: 'UPDATE', position: expected }]);
    await watching.close();
  }
});

describe('a subscriber that reconnects with a position of the lost log', () => {
  describe.each(['WebSocket', 'SSE'] as const)('over %s', carrier => {
    test.each(['argument', 'extensions'] as const)('gets RESYNC, by %s', async way => {
      for (const [name, field] of Object.entries({ ...states, ...unchanged, ...feeds })) {
        if (name === 'projections' && way === 'argument') continue; // it takes no such argument
        const watching = await watch(
          carrier,
          field,
          way === 'argument' ? lost : undefined,
          way === 'extensions' ? { after: lost } : undefined,
        );
        const answer = await watching.next();
        expect([name, frameOf(answer).kind]).toEqual([name, 'RESYNC']);
        expect(codesOf(answer)).toEqual(name in feeds ? ['STALE_POSITION'] : undefined);
        expect(await positions()).toContain(frameOf(answer).position);
        await watching.close();
      }
    });

    test('from before the backup gets no RESYNC: feeds deliver each later event once', async () => {
      const since = (await positions()).filter(position => position > common);
      for (const [name, field] of Object.entries({ ...states, ...feeds })) {
        const watching = await watch(carrier, field, undefined, { after: common });
        const first = await watching.next();
        expect([name, frameOf(first).kind, first.errors]).not.toContain('RESYNC');
        expect(first.errors).toBeUndefined();
        if (name === 'the feed of the log') {
          const rest = [frameOf(first).position];
          while (rest.length < since.length) rest.push(frameOf(await watching.next()).position);
          expect(rest).toEqual(since);
        }
        await watching.close();
      }
    });
  });

  test('gets RESYNC if an EventSource sends it as Last-Event-ID', async () => {
    for (const [name, field] of Object.entries({ ...states, ...unchanged, ...feeds })) {
      const stream = await openEventStream(
        app.url,
        operation(field),
        {},
        { token: staff, headers: { 'last-event-id': lost } },
      );
      expect([name, frameOf(await stream.next()).kind]).toEqual([name, 'RESYNC']);
      stream.close();
      await stream.ended;
    }
  });
});

describe('a request that must reflect a position', () => {
  const fields = (): Readonly<Record<string, string>> => ({
    order: `order(id: "${log.orders[0]}" AT) { id version }`,
    'the lost order': `order(id: "${log.lostOrder}" AT) { id }`,
    orderByNumber: 'orderByNumber(number: "23456789" AT) { id }',
    orders: 'orders(AT) { position }',
    customer: `customer(id: "${log.customerId}" AT) { id }`,
    counts: 'orderCounts(AT) { orderCount }',
    'counts of a customer': `orderCounts(customerId: "${log.customerId}" AT) { orderCount }`,
    totals: `customer(id: "${log.customerId}" AT) { orderTotals { orderCount } }`,
    customers: 'customers(AT) { position }',
    product: `product(id: "${log.productId}" AT) { id }`,
    products: 'products(AT) { position }',
  });
  const ask = async (field: string, position: string, way: 'argument' | 'header') => {
    const argument = way === 'argument' ? `atLeast: "${position}"` : '';
    const query = field.replace(/\(AT\)/, argument && `(${argument})`).replace(/ AT/, argument && `, ${argument}`);
    return post(
      app.url,
      `{ ${query} }`,
      {},
      {
        token: staff,
        ...(way === 'header' && { headers: { 'orderstream-position': position } }),
      },
    );
  };

  test.each(['argument', 'header'] as const)(
    'answers STALE_POSITION if it is of the lost log, by %s; a position of both logs is accepted',
    async way => {
      for (const [name, field] of Object.entries(fields())) {
        expect([name, codesOf(await ask(field, lost, way))]).toEqual([name, ['STALE_POSITION']]);
        expect([name, codesOf(await ask(field, common, way))]).toEqual([name, undefined]);
      }
    },
  );

  test('answers STALE_POSITION also for fields that wait for no position themselves', async () => {
    for (const field of [
      `node(id: "${log.orders[0]}") { id }`,
      `nodes(ids: ["${log.orders[0]}"]) { id }`,
      'salesByDay(from: "2026-01-01", to: "2026-12-31", currency: "EUR") { date }',
      'topProducts(currency: "EUR") { productId }',
    ]) {
      expect([field, codesOf(await ask(field, lost, 'header'))]).toEqual([field, ['STALE_POSITION']]);
      expect([field, codesOf(await ask(field, common, 'header'))]).toEqual([field, undefined]);
    }
  });

  test('rejects a command with an expected version of the lost log', async () => {
    const input = { orderId: log.orders[0], productId: log.productId, expectedVersion: 4 };
    const { data } = await post(app.url, AddOrderItemDocument, { input }, { token: customer });
    expect((data as { addOrderItem: { __typename: string } }).addOrderItem.__typename).toBe('VersionConflictError');
  });
});
