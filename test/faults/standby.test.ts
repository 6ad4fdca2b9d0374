import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  OrderByNumberDocument,
  OrderDocument,
  OrdersDocument,
  RegisterCustomerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { type SpawnedApp, spawnApp, startApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { codesOf } from '../support/codes-of.ts';
import { openWatch } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import type { PostgresServer } from '../support/private-postgres.ts';
import { openShop, type Shop } from '../support/shop.ts';
import { customerToken } from '../support/tokens.ts';
import type { Answer } from '../support/typed-document.ts';

let primary: PostgresServer;
/** Applies each commit 400 ms after the primary. */
let standby: PostgresServer;
let writes: TestApp;
let reads: SpawnedApp;
let shop: Shop;

beforeAll(async () => {
  primary = await startMigratedPostgres();
  standby = await primary.startStandby({ recovery_min_apply_delay: '400ms' });
  writes = await startApp({ DATABASE_URL: primary.url });
  reads = await spawnApp({ DATABASE_URL: standby.url });
  shop = await openShop(writes.url);
});
afterAll(async () => {
  await reads.stop();
  await writes.stop();
  await standby.remove();
  await primary.remove();
});

/** The next frame with a change: PROGRESS frames come whenever nothing changes. */
async function nextChange(watching: { next(): Promise<Answer<unknown>> }): Promise<Answer<unknown>> {
  for (;;) {
    const answer = await watching.next();
    if (answer.extensions?.['kind'] !== 'PROGRESS') return answer;
  }
}

async function order() {
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  return accepted(await post(writes.url, CreateOrderDocument, { input }, { token: shop.customer.token }));
}

async function addItem(orderId: string): Promise<string> {
  const input = { orderId, productId: shop.productId };
  return accepted(await post(writes.url, AddOrderItemDocument, { input }, { token: shop.staff })).position;
}

/** Pauses the standby while `use` runs: later events are beyond the end of its log. */
async function whileBehind<Result>(use: () => Promise<Result>): Promise<Result> {
  await onDatabase(standby.url, client => client.query('SELECT pg_wal_replay_pause()'));
  await eventually(async () => {
    const state = 'SELECT pg_get_wal_replay_pause_state() AS state';
    const { rows } = await onDatabase(standby.url, client => client.query<{ state: string }>(state));
    expect(rows[0]!.state).toBe('paused');
  });
  try {
    return await use();
  } finally {
    await onDatabase(standby.url, client => client.query('SELECT pg_wal_replay_resume()'));
  }
}

/** The next event's point with a hash that no event has. */
function another(position: string): string {
  return `${(Number.parseInt(position, 16) + 1).toString(16).padStart(13, '0')}-00112233aabb`;
}

test('a caller that sends `atLeast` to a node on a lagging hot standby sees its own writes: no response is old, none is an error', async () => {
  for (let n = 0; n < 10; n++) {
    const { orderId, position: atLeast, order: made } = await order();
    const token = shop.staff;
    const [byId, byNumber, listed, byHeader] = await Promise.all([
      post(reads.url, OrderDocument, { id: orderId, atLeast }, { token }),
      post(reads.url, OrderByNumberDocument, { number: made!.number, atLeast }, { token }),
      post(reads.url, OrdersDocument, { atLeast }, { token }),
      post(reads.url, OrderDocument, { id: orderId }, { token, headers: { 'orderstream-position': atLeast } }),
    ]);
    expect([byId, byNumber, listed, byHeader].flatMap(answer => codesOf(answer) ?? [])).toEqual([]);
    expect(byId.data?.order).toEqual(made);
    expect(byNumber.data?.orderByNumber).toEqual(made);
    expect(listed.data?.orders?.edges[0]?.node.id).toBe(orderId);
    expect(byHeader.data?.order).toEqual(made);
  }
});

test('a position that the standby does not reach in time is VIEW_LAGGING with the position reached, for every field', async () => {
  const { orderId, position: reached } = await order();
  const token = shop.staff;
  expect(codesOf(await post(reads.url, OrdersDocument, { atLeast: reached }, { token }))).toBeUndefined();
  await whileBehind(async () => {
    const atLeast = await addItem(orderId);
    const fields = [
      `order(id: "${orderId}", atLeast: "${atLeast}") { id }`,
      `orders(atLeast: "${atLeast}") { position }`,
      `orderCounts(atLeast: "${atLeast}") { position }`,
      `customer(id: "${shop.customer.id}", atLeast: "${atLeast}") { id }`,
      `customers(atLeast: "${atLeast}") { position }`,
      `product(id: "${shop.productId}", atLeast: "${atLeast}") { id }`,
      `products(atLeast: "${atLeast}") { position }`,
    ];
    const answers = await Promise.all(fields.map(field => post(reads.url, `{ ${field} }`, {}, { token })));
    for (const [n, { errors }] of answers.entries()) {
      expect([fields[n], errors?.map(({ extensions }) => extensions)]).toMatchObject([
        fields[n],
        [{ code: 'VIEW_LAGGING', position: reached }],
      ]);
    }
  });
});

describe('a subscription that resumes after a position which the standby has not reached', () => {
  const subscriptions = (orderId: string, after: string) => ({
    order: `orderUpdated(id: "${orderId}", after: "${after}") { kind position order { version } }`,
    customer: `customerOrdersUpdated(customerId: "${shop.customer.id}", after: "${after}") { kind position orderId }`,
    orders: `ordersUpdated(after: "${after}") { kind position orderId }`,
    'order events': `orderEvents(orderId: "${orderId}", after: "${after}") { position }`,
    events: `eventsAppended(after: "${after}") { position }`,
  });
  const open = async (orderId: string, after: string) =>
    Promise.all(
      Object.entries(subscriptions(orderId, after)).map(async ([name, field]) => ({
        name,
        watching: await openWatch.WebSocket(reads.url, shop.staff, `subscription { ${field} }`, {}),
      })),
    );

  test('gets no RESYNC, and continues with the next change', async () => {
    const { orderId, position: known } = await order();
    await post(reads.url, OrdersDocument, { atLeast: known }, { token: shop.staff });
    let after = '';
    const watchers = await whileBehind(async () => {
      after = await addItem(orderId);
      const opened = await open(orderId, after);
      for (const { name, watching } of opened) {
        if (name !== 'customer' && name !== 'orders') continue;
        expect([name, (await watching.next()).extensions]).toMatchObject([name, { kind: 'PROGRESS', position: after }]);
      }
      return opened;
    });
    const next = await addItem(orderId);
    for (const { name, watching } of watchers) {
      const answer = await nextChange(watching);
      expect([name, answer.errors, answer.extensions?.['position']]).toEqual([name, undefined, next]);
      expect([name, answer.extensions?.['kind']]).not.toContain('RESYNC');
      await watching.close();
    }
  });

  test('gets RESYNC as soon as another event has that position', async () => {
    const { orderId, position: known } = await order();
    await post(reads.url, OrdersDocument, { atLeast: known }, { token: shop.staff });
    const foreign = another(known);
    const watchers = await whileBehind(() => open(orderId, foreign));
    const asked = whileBehind(async () => {
      await addItem(orderId);
      return post(reads.url, OrdersDocument, { atLeast: foreign }, { token: shop.staff });
    });
    expect(codesOf(await asked)).toEqual(['VIEW_LAGGING']);
    for (const { name, watching } of watchers) {
      const answer = await nextChange(watching);
      expect([name, answer.extensions?.['kind']]).toEqual([name, 'RESYNC']);
      await watching.close();
    }
    const late = await post(reads.url, OrdersDocument, { atLeast: foreign }, { token: shop.staff });
    expect(codesOf(late)).toEqual(['STALE_POSITION']);
  });

  test('gets the counts of orders after the next change, and no RESYNC', async () => {
    const { position: known } = await order();
    await post(reads.url, OrdersDocument, { atLeast: known }, { token: shop.staff });
    const field = (after: string) => `orderCountsUpdated(after: "${after}") { kind position counts { orderCount } }`;
    const watching = await whileBehind(async () => {
      const { position: after } = await order();
      return openWatch.WebSocket(reads.url, shop.staff, `subscription { ${field(after)} }`, {});
    });
    const { position: next } = await order();
    const counted = await post(
      writes.url,
      `{ orderCounts(atLeast: "${next}") { orderCount } }`,
      {},
      { token: shop.staff },
    );
    expect((await watching.next()).data).toEqual({
      orderCountsUpdated: {
        kind: 'UPDATE',
        position: next,
        counts: (counted.data as { orderCounts: object }).orderCounts,
      },
    });
    await watching.close();
  });

  test("gets the same answer for another customer's order as for a missing one", async () => {
    const { orderId, position: known } = await order();
    await post(reads.url, OrdersDocument, { atLeast: known }, { token: shop.staff });
    const stranger = await customerToken(`cus_${crypto.randomUUID()}`);
    await whileBehind(async () => {
      const after = await addItem(orderId);
      const fields = [orderId, `ord_${crypto.randomUUID()}`].flatMap(id => [
        `orderUpdated(id: "${id}", after: "${after}") { kind }`,
        `orderEvents(orderId: "${id}", after: "${after}") { position }`,
      ]);
      const answers = await Promise.all(
        fields.map(async field => {
          const watching = await openWatch.WebSocket(reads.url, stranger, `subscription { ${field} }`, {});
          const answer = await watching.next();
          await watching.close();
          return codesOf(answer);
        }),
      );
      expect(answers).toEqual(answers.map(() => ['VIEW_LAGGING']));
    });
  });

  test('waits for an order and a customer that do not exist there yet', async () => {
    const { orderId, position: after } = await order();
    const watchers = await open(orderId, after);
    const next = await addItem(orderId);
    for (const { name, watching } of watchers) {
      const answer = await nextChange(watching);
      expect([name, answer.errors, answer.extensions?.['position']]).toEqual([name, undefined, next]);
      await watching.close();
    }
  });
});

describe('writes on a standby', () => {
  test('commands answer READ_ONLY, also the first one of a customer, which would create a key; nothing is stored', async () => {
    const { position } = await order();
    await post(reads.url, OrdersDocument, { atLeast: position }, { token: shop.staff });
    const customerId = `cus_${crypto.randomUUID()}`;
    const register = { input: { customerId, name: 'Ada', email: 'ada@example.com' } };
    const token = shop.staff;
    const answers = await Promise.all([
      post(reads.url, CreateOrderDocument, { input: {} }, { token: shop.customer.token }),
      post(reads.url, CreateOrderDocument, { input: { reference: 'sealed' } }, { token: shop.customer.token }),
      post(reads.url, RegisterCustomerDocument, register, { token }),
    ]);
    expect(answers.map(codesOf)).toEqual([['READ_ONLY'], ['READ_ONLY'], ['READ_ONLY']]);
    const known = await post(writes.url, `{ customer(id: "${customerId}") { id } }`, {}, { token });
    expect(known.data).toEqual({ customer: null });
  });

  test('the projector logs it once, and no line is an error', async () => {
    await eventually(() => {
      expect(reads.stdout()).toContain('the database takes no writes');
    });
    // It has retried for as long as all tests before this one took.
    const lines = reads.stdout().split('\n');
    expect(lines.filter(line => line.includes('the database takes no writes'))).toHaveLength(1);
    expect(lines.filter(line => /"level":(?:50|60)/.test(line))).toEqual([]);
  });

  test("the operators' commands end with one line that says where to run them", async () => {
    const file = join(tmpdir(), `standby-${crypto.randomUUID()}.csv`);
    await writeFile(
      file,
      `order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier
R1,C1,Ada,S1,Tea,1,1.00,EUR,2026-01-01,,
`,
    );
    const runs: [string, string[]][] = [
      ['orderstream', ['rebuild', 'order_view']],
      ['orderstream', ['abandon-rebuild']],
      ['orderstream', ['erase-customer', shop.customer.id]],
      ['import', [file]],
    ];
    for (const [name, given] of runs) {
      const { code, stderr } = await runCli(name, given, { DATABASE_URL: standby.url });
      const lastLine = stderr.trim().split('\n').at(-1);
      expect([given[0], code, lastLine]).toEqual([
        given[0],
        1,
        'the database takes no writes (a standby, or default_transaction_read_only is on): run this on the primary',
      ]);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
    await rm(file);
    expect((await runCli('orderstream', ['verify'], { DATABASE_URL: standby.url })).stdout).toContain('all is well');
    const folder = join(tmpdir(), `standby-${crypto.randomUUID()}`);
    expect(await runCli('orderstream', ['export', folder], { DATABASE_URL: standby.url })).toMatchObject({ code: 0 });
    await rm(folder, { recursive: true });
  });
});

test('a promoted standby accepts commands, and its projector continues, without a restart', async () => {
  const { position } = await order();
  await post(reads.url, OrdersDocument, { atLeast: position }, { token: shop.staff });
  await primary.stop();
  await onDatabase(standby.url, client => client.query('SELECT pg_promote(true)'));
  const token = shop.customer.token;
  const made = await eventually(async () =>
    accepted(await post(reads.url, CreateOrderDocument, { input: { reference: 'promoted' } }, { token })),
  );
  const listed = await eventually(async () => {
    const answer = await post(reads.url, OrdersDocument, { atLeast: made.position }, { token: shop.staff });
    expect(codesOf(answer)).toBeUndefined();
    return answer;
  });
  expect(listed.data?.orders?.edges[0]?.node.id).toBe(made.orderId);
});
