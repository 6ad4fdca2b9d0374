import { describe, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CancelOrderDocument,
  CreateOrderDocument,
  EventsAppendedDocument,
  OrderEventsDocument,
  OrdersDocument,
  OrdersUpdatedDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { codesOf } from '../support/codes-of.ts';
import { type Carrier, openWatch, type Watch } from '../support/event-stream.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { registered } from '../support/shop.ts';
import type { Answer } from '../support/typed-document.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

async function created(token = shop.customer.token, input: object = {}) {
  return accepted(await post(app.url, CreateOrderDocument, { input }, { token }));
}
async function itemAdded(orderId: string) {
  const input = { orderId, productId: shop.productId };
  return accepted(await post(app.url, AddOrderItemDocument, { input }, { token: shop.staff }));
}

/** The log, each event with the names of the API. */
async function storedEvents(after = '') {
  return onDatabase(database.url, async client => {
    const { rows } = await client.query<{ position: string; streamId: string; type: string; version: number }>(
      `SELECT lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position,
         stream_id AS "streamId", type, version FROM events ORDER BY events.position`,
    );
    return rows.filter(({ position }) => position > after);
  });
}

/** Adds an item and damages the sealed bytes of its event. @returns its position, and a function that repairs it */
async function damagedItem(orderId: string) {
  await onDatabase(database.url, client =>
    client.query(`
      CREATE FUNCTION damage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.personal := '{"subject": "${shop.customer.id}", "sealed": "AAAA"}'; RETURN NEW; END $$;
      CREATE TRIGGER damage BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.stream_id = '${orderId}')
        EXECUTE FUNCTION damage()`),
  );
  const { position } = await itemAdded(orderId);
  const mend = () =>
    onDatabase(database.url, client =>
      client.query(`
        DROP FUNCTION damage() CASCADE;
        UPDATE events SET personal = NULL WHERE stream_id = '${orderId}' AND personal->>'sealed' = 'AAAA'`),
    );
  return { position, mend };
}

async function take<Data>(watch: Watch<Data>, count: number): Promise<Answer<Data>[]> {
  const taken: Answer<Data>[] = [];
  while (taken.length < count) taken.push(await watch.next());
  return taken;
}

describe.each<Carrier>(['WebSocket', 'SSE'])('over %s', carrier => {
  const open = openWatch[carrier];

  test('staff see every change of every order, and a subscriber with a filter is notified when an order leaves its list', async () => {
    const other = await registered(app.url);
    const list = await open(app.url, shop.staff, OrdersUpdatedDocument, {});
    const drafts = await open(app.url, shop.staff, OrdersUpdatedDocument, { filter: { statusIn: ['DRAFT'] } });
    for (const watch of [list, drafts]) expect((await watch.next()).data!.ordersUpdated.kind).toBe('PROGRESS');

    const order = await created();
    const another = await created(other.token);
    await itemAdded(order.orderId);
    const submitted = accepted(
      await post(app.url, SubmitOrderDocument, { input: { orderId: order.orderId } }, { token: shop.staff }),
    );
    for (const [watch, matches] of [
      [list, true],
      [drafts, false],
    ] as const) {
      const seen = new Set<string | null | undefined>();
      for (;;) {
        const { data, extensions } = await watch.next();
        const frame = data!.ordersUpdated;
        expect(extensions).toMatchObject({ kind: frame.kind, position: frame.position });
        seen.add(frame.orderId);
        if (frame.position !== submitted.position) continue;
        expect(frame).toMatchObject({
          kind: 'UPDATE',
          orderId: order.orderId,
          matches,
          order: { status: 'SUBMITTED' },
        });
        break;
      }
      expect([...seen].sort()).toEqual([order.orderId, another.orderId].sort());
      await watch.close();
    }
  });

  test('a list of all orders resumes from its page with all later changes', async () => {
    const order = await created();
    const headers = { 'orderstream-position': order.position };
    const page = await post(app.url, OrdersDocument, { first: 1 }, { token: shop.staff, headers });
    const changed = await itemAdded(order.orderId);
    const after = page.data!.orders!.position;
    const list = await open(app.url, shop.staff, OrdersUpdatedDocument, { after });
    expect((await list.next()).data!.ordersUpdated).toMatchObject({ kind: 'PROGRESS', position: after });
    expect((await list.next()).data!.ordersUpdated).toMatchObject({ kind: 'UPDATE', position: changed.position });
    await list.close();
  });

  test("an order's events come from the first one, each once, in order, and continue as they are stored", async () => {
    const order = await created(shop.customer.token, { reference: 'PO 7' });
    await itemAdded(order.orderId);
    const events = await open(app.url, shop.customer.token, OrderEventsDocument, { orderId: order.orderId });
    const stored = await take(events, 2);
    const added = await itemAdded(order.orderId);
    const reason = { orderId: order.orderId, reason: 'no more' };
    const cancelled = accepted(await post(app.url, CancelOrderDocument, { input: reason }, { token: shop.staff }));
    const all = [...stored, ...(await take(events, 2))];
    expect(all.map(({ data }) => [data!.orderEvents.type, data!.orderEvents.version])).toEqual([
      ['OrderCreated', 1],
      ['OrderItemAdded', 2],
      ['OrderItemQuantityChanged', 3],
      ['OrderCancelled', 4],
    ]);
    expect(all[0]!.data!.orderEvents.data).toMatchObject({ reference: 'PO 7' });
    expect(all[3]!.data!.orderEvents).toMatchObject({ actor: 'staff', data: { reason: 'no more' } });
    expect(all.map(({ extensions }) => extensions?.['position'])).toEqual(
      all.map(({ data }) => data!.orderEvents.position),
    );
    await events.close();

    const resumed = await open(app.url, shop.staff, OrderEventsDocument, {
      orderId: order.orderId,
      after: added.position,
    });
    expect((await resumed.next()).data!.orderEvents).toMatchObject({ position: cancelled.position, version: 4 });
    await resumed.close();
  });

  test('`after` in extensions takes precedence over the argument, because a client updates it as it receives frames', async () => {
    const order = await created();
    const [second, third] = [await itemAdded(order.orderId), await itemAdded(order.orderId)];
    const variables = { orderId: order.orderId, after: order.position };
    const events = await open(app.url, shop.staff, OrderEventsDocument, variables, { after: second.position });
    expect((await events.next()).data!.orderEvents.position).toBe(third.position);
    await events.close();
  });

  test('only its customer and staff may watch an order', async () => {
    const other = await registered(app.url);
    const order = await created(other.token);
    const refused = await open(app.url, shop.customer.token, OrderEventsDocument, { orderId: order.orderId });
    expect((await refused.next()).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    await refused.close();
    for (const document of [OrdersUpdatedDocument, EventsAppendedDocument]) {
      const forStaff = await open(app.url, shop.customer.token, document as typeof EventsAppendedDocument, {});
      expect((await forStaff.next()).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      await forStaff.close();
    }
  });

  test('the feed of the whole log equals the log, from the first event or from any position', async () => {
    const before = await storedEvents();
    const feed = await open(app.url, shop.staff, EventsAppendedDocument, {});
    const frames = await take(feed, before.length);
    for (let n = 0; n < 30; n++) await itemAdded((await created()).orderId);
    const all = await storedEvents();
    frames.push(...(await take(feed, all.length - before.length)));
    const shown = frames.map(({ data }) => data!.eventsAppended);
    expect(shown.map(({ position, streamId, type, version }) => ({ position, streamId, type, version }))).toEqual(all);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(all.length);
    await feed.close();

    const from = all[all.length >> 1]!.position;
    const resumed = await open(app.url, shop.staff, EventsAppendedDocument, { after: from });
    const rest = await take(resumed, all.filter(({ position }) => position > from).length);
    expect(rest.map(({ data }) => data!.eventsAppended.position)).toEqual(
      all.map(({ position }) => position).filter(position => position > from),
    );
    await resumed.close();
  });

  test('a feed with a position of another log gets RESYNC and STALE_POSITION, and ends', async () => {
    const { orderId, position } = await created();
    const after = position.replace(/.{12}$/, '0123456789ab');
    for (const feed of [
      await open(app.url, shop.staff, EventsAppendedDocument, { after }),
      await open(app.url, shop.customer.token, OrderEventsDocument, { orderId, after }),
    ]) {
      const { data, errors, extensions } = await (feed as Watch<unknown>).next();
      expect(data ?? null).toBeNull();
      expect(codesOf({ errors })).toEqual(['STALE_POSITION']);
      expect(extensions).toEqual({ kind: 'RESYNC', position: expect.stringMatching(/^[0-9a-f]{13}-[0-9a-f]{12}$/) });
      await expect((feed as Watch<unknown>).next()).rejects.toThrow('complete');
      await feed.close();
    }
  });

  test('a damaged event ends a feed at its position; a consumer that resumes after it gets the next events, and everything else continues', async () => {
    const [damaged, sound] = [await created(), await created()];
    const waiting = await open(app.url, shop.staff, EventsAppendedDocument, { after: sound.position });
    const sister = await open(app.url, shop.customer.token, OrderEventsDocument, { orderId: sound.orderId });
    await sister.next();
    const { position: bad, mend } = await damagedItem(damaged.orderId);
    const { position } = await itemAdded(sound.orderId);

    const coming = await open(app.url, shop.staff, EventsAppendedDocument, { after: sound.position });
    for (const feed of [waiting, coming]) {
      const { data, errors, extensions } = await feed.next();
      expect(data ?? null).toBeNull();
      expect(codesOf({ errors })).toEqual(['INTERNAL']);
      expect(extensions).toEqual({ kind: 'UPDATE', position: bad });
      await expect(feed.next()).rejects.toThrow('complete');
      await feed.close();
    }

    const beyond = await open(app.url, shop.staff, EventsAppendedDocument, { after: bad });
    expect((await beyond.next()).data?.eventsAppended.position).toBe(position);
    await beyond.close();
    expect((await sister.next()).data?.orderEvents.position).toBe(position);
    await sister.close();
    const { data } = await post(app.url, OrdersDocument, { atLeast: position }, { token: shop.staff });
    expect(data!.orders!.position >= position).toBe(true);
    await mend();
  });
});
