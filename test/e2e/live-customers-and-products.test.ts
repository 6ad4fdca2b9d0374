import { describe, expect, test } from 'vitest';
import {
  ChangeProductDocument,
  CreateOrderDocument,
  CustomerUpdatedDocument,
  OrdersDocument,
  ProductsDocument,
  ProductsUpdatedDocument,
  RenameCustomerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { openWatch } from '../support/event-stream.ts';
import { post } from '../support/post.ts';
import { added, registered } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { statementsOf } from '../support/statements.ts';
import { token } from '../support/tokens.ts';
import type { Answer } from '../support/typed-document.ts';
import { useShop } from '../support/use-shop.ts';

const { app, shop } = useShop();

const codes = ({ errors }: Answer<unknown>) => errors?.map(({ message, extensions }) => [extensions.code, message]);

async function renamed(customerId: string, name: string): Promise<string> {
  const input = { customerId, name };
  return accepted(await post(app.url, RenameCustomerDocument, { input }, { token: shop.staff })).position;
}

async function changed(productId: string, input: { name?: string; available?: boolean }): Promise<string> {
  const variables = { input: { productId, ...input } };
  return accepted(await post(app.url, ChangeProductDocument, variables, { token: shop.staff })).position;
}

/** Waits until the views have reached a position. */
async function reached(atLeast: string): Promise<void> {
  const { errors } = await post(app.url, OrdersDocument, { atLeast }, { token: shop.staff });
  expect(errors).toBeUndefined();
}

/** Twenty sockets of different members of staff. */
function staffSockets() {
  return Promise.all(
    Array.from({ length: 20 }, async (_, n) =>
      connectSocket(app.url, await token({ sub: `staff-${n}`, role: 'staff' })),
    ),
  );
}

describe.each(['WebSocket', 'SSE'] as const)('over %s', transport => {
  test('customerUpdated sends the customer, each change, and after a reconnect what changed since the last frame', async () => {
    const { id, token: own } = await registered(app.url, 'Ada');
    for (const viewer of [own, shop.staff]) {
      const open = (after?: string) =>
        openWatch[transport](app.url, viewer, CustomerUpdatedDocument, { id, after: after ?? null });
      const first = await open();
      expect((await first.next()).data!.customerUpdated).toMatchObject({ kind: 'SNAPSHOT', customer: { id } });
      const seen = await renamed(id, 'Ada King');
      expect(await first.next()).toMatchObject({
        data: { customerUpdated: { kind: 'UPDATE', position: seen, customer: { id, name: 'Ada King' } } },
        extensions: { kind: 'UPDATE', position: seen },
      });
      await first.close();

      const missed = await renamed(id, 'Countess');
      await reached(missed);
      const second = await open(seen);
      expect((await second.next()).data!.customerUpdated).toMatchObject({
        kind: 'SNAPSHOT',
        position: missed,
        customer: { name: 'Countess' },
      });
      await second.close();
      // Without a change since `after`, the first frame is the next change.
      const third = await open(missed);
      const next = await renamed(id, 'Lovelace');
      expect((await third.next()).data!.customerUpdated).toMatchObject({
        position: next,
        customer: { name: 'Lovelace' },
      });
      await third.close();
    }
  });

  test('customerUpdated answers for another customer as for a missing one', async () => {
    const other = await registered(app.url, 'Other');
    const missing = `cus_${crypto.randomUUID()}`;
    const [first, ...rest] = await Promise.all(
      [missing, other.id].flatMap(id =>
        [null, '0000000000000-000000000000'].map(async after => {
          const document = CustomerUpdatedDocument;
          const watching = await openWatch[transport](app.url, shop.customer.token, document, { id, after });
          const answer = await watching.next().catch((error: unknown) => error as Error);
          await watching.close();
          return answer instanceof Error ? answer.message : codes(answer);
        }),
      ),
    );
    expect(JSON.stringify(first)).toContain('There is no customer with this id.');
    expect(rest).toEqual(rest.map(() => first));
  });

  test('productsUpdated sends each changed product, whether it matches, and after a reconnect what changed since the last frame', async () => {
    const productId = await added(app.url);
    const name = 'Green tea';
    const { data } = await post(app.url, ProductsDocument, {}, { token: shop.staff });
    for (const viewer of [shop.customer.token, shop.staff]) {
      const open = (after: string | null, search: string | null) =>
        openWatch[transport](app.url, viewer, ProductsUpdatedDocument, { search, after });
      await reached(await changed(productId, { name }));
      const watching = await open(null, 'green');
      expect((await watching.next()).data!.productsUpdated).toMatchObject({ kind: 'PROGRESS', product: null });
      const seen = await changed(productId, { available: false });
      expect(await watching.next()).toMatchObject({
        data: {
          productsUpdated: {
            kind: 'UPDATE',
            position: seen,
            productId,
            matches: true,
            product: { name, available: false },
          },
        },
        extensions: { kind: 'UPDATE', position: seen },
      });
      await watching.close();

      const others = [await added(app.url), await added(app.url)];
      const left = await changed(productId, { name: 'Black tea' });
      const again = await open(seen, 'green');
      expect((await again.next()).data!.productsUpdated).toMatchObject({ kind: 'PROGRESS', position: seen });
      for (const id of others) {
        expect((await again.next()).data!.productsUpdated).toMatchObject({ productId: id, matches: false });
      }
      expect((await again.next()).data!.productsUpdated).toMatchObject({ productId, matches: false, position: left });
      await again.close();
      const all = await open(left, null);
      await all.next();
      await changed(productId, { available: true });
      expect((await all.next()).data!.productsUpdated).toMatchObject({ productId, matches: true });
      await all.close();
    }
    // From a page's position on, a subscription has each product that was added or changed since the page, once.
    const sinceThePage = await openWatch[transport](app.url, shop.staff, ProductsUpdatedDocument, {
      after: data!.products!.position,
    });
    expect((await sinceThePage.next()).data!.productsUpdated.kind).toBe('PROGRESS');
    const ids: unknown[] = [];
    while (!ids.includes(productId)) ids.push((await sinceThePage.next()).data!.productsUpdated.productId);
    expect(new Set(ids).size).toBe(ids.length);
    await sinceThePage.close();
  });
});

test('subscribers of the products share one read of a change, whatever they search for, and a change of an order causes none', async () => {
  const sockets = await staffSockets();
  const watches = await Promise.all(
    sockets.map(async (socket, n) => {
      const watch = socket.subscribe(ProductsUpdatedDocument, { search: `tea ${n}` });
      expect((await watch.next()).data!.productsUpdated.kind).toBe('PROGRESS');
      return watch;
    }),
  );
  const reads = (sql: readonly string[]) => sql.filter(one => one.includes('FROM product_change_view l'));
  const product = await statementsOf(async () => {
    const position = await changed(shop.productId, { available: false });
    for (const watch of watches) {
      expect((await watch.next()).data!.productsUpdated).toMatchObject({ productId: shop.productId, position });
    }
  });
  expect(reads(product.sql)).toHaveLength(1);
  const order = await statementsOf(async () => {
    const made = await post(app.url, CreateOrderDocument, { input: {} }, { token: shop.customer.token });
    await reached(accepted(made).position);
  });
  expect(reads(order.sql)).toEqual([]);
  for (const socket of sockets) await socket.close();
});

test('subscribers of one customer share the read of a change', async () => {
  const { id } = await registered(app.url);
  const sockets = await staffSockets();
  const watches = await Promise.all(
    sockets.map(async socket => {
      const watch = socket.subscribe(CustomerUpdatedDocument, { id });
      expect((await watch.next()).data!.customerUpdated.kind).toBe('SNAPSHOT');
      return watch;
    }),
  );
  const { sql } = await statementsOf(async () => {
    const position = await renamed(id, 'Grace');
    for (const watch of watches) expect((await watch.next()).data!.customerUpdated).toMatchObject({ position });
  });
  // The hub reads after a hint, and each second.
  expect(sql.filter(one => one.includes('FROM customer_view v')).length).toBeLessThan(watches.length / 2);
  for (const socket of sockets) await socket.close();
});
