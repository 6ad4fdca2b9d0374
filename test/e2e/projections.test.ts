import { expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  OrderDocument,
  ProjectionsDocument,
  ProjectionsUpdatedDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { runCli } from '../support/cli.ts';
import { openWatch } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { registered } from '../support/shop.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

/** Damages the next event of an order, so that no fold accepts it, or repairs it. */
async function damaging(orderId: string, whether: boolean): Promise<void> {
  await onDatabase(database.url, client =>
    client.query(
      whether
        ? `CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.stream_id = '${orderId}' THEN
               NEW.personal := '{"subject": "${shop.customer.id}", "sealed": "AAAA"}';
             END IF;
             RETURN NEW; END $$;
           CREATE TRIGGER damaged BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION damaged()`
        : `DROP TRIGGER damaged ON events; DROP FUNCTION damaged();
           UPDATE events SET personal = NULL WHERE stream_id = '${orderId}'`,
    ),
  );
}

test('a poison event: its order rejects callers that have seen more, everything else continues, and an operator retries it', async () => {
  const { token } = shop.customer;
  const stranger = await registered(app.url);
  const { orderId, position } = accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token }));
  const watch = await openWatch.WebSocket(app.url, shop.staff, ProjectionsUpdatedDocument, {});
  const first = await watch.next();
  expect(first.data!.projectionsUpdated.map(one => one.name)).toContain('order_view');

  await damaging(orderId, true);
  const input = { orderId, productId: shop.productId };
  const answer = accepted(await post(app.url, AddOrderItemDocument, { input }, { token }));
  expect(answer.order).toBeNull();
  const order = (atLeast: string | undefined, as = token) =>
    post(app.url, OrderDocument, { id: orderId, atLeast }, { token: as });
  expect((await order(answer.position)).errors).toMatchObject([{ extensions: { code: 'VIEW_PARKED' } }]);
  expect((await order(position)).data!.order).toMatchObject({ version: 1 });
  expect((await order(undefined)).data!.order).toMatchObject({ version: 1 });
  // A caller that may not see it does not learn that it exists.
  const strangers = await order(answer.position, stranger.token);
  expect(strangers.data).toEqual({ order: null });
  expect(strangers.errors).toBeUndefined();

  const parkedOrders = async () => {
    const { data } = await post(app.url, ProjectionsDocument, {}, { token: shop.staff });
    return data!.projections!.find(one => one.name === 'order_view')!.parkedStreams;
  };
  await eventually(async () => expect(await parkedOrders()).toBe(1));
  await eventually(async () => {
    const { data } = await watch.next();
    expect(data!.projectionsUpdated.find(one => one.name === 'order_view')).toMatchObject({ parkedStreams: 1 });
  });
  const on = { DATABASE_URL: database.url };
  const parked = await runCli('orderstream', ['parked'], on);
  expect({ code: parked.code, named: parked.stdout.includes(orderId) }).toEqual({ code: 1, named: true });
  expect((await runCli('orderstream', ['status'], on)).code).toBe(1);
  expect((await runCli('orderstream', ['retry', orderId], on)).code).toBe(1);

  await damaging(orderId, false);
  expect(await runCli('orderstream', ['retry', 'all'], on)).toMatchObject({
    code: 0,
    stdout: '1 stream retried: all continue\n',
  });
  expect((await order(answer.position)).data!.order).toMatchObject({ version: 2, itemCount: 1 });
  expect(await parkedOrders()).toBe(0);
  const status = await runCli('orderstream', ['status'], on);
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(/^order_view\s+LIVE at event \d+$/m);
  expect(await runCli('orderstream', ['retry', orderId], on)).toMatchObject({
    code: 1,
    stderr: `${orderId} is not parked: nothing was retried\n`,
  });
  await watch.close();
});
