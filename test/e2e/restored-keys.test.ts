import { beforeAll, describe, expect, test } from 'vitest';
import {
  CreateOrderDocument,
  CustomerDocument,
  OrderDocument,
  OrdersDocument,
  RegisterCustomerDocument,
  RenameCustomerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { exchange } from '../support/forked-log.ts';
import { cloneOf } from '../support/postgres.ts';
import { post } from '../support/post.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { staffToken } from '../support/tokens.ts';
import type { Document } from '../support/typed-document.ts';
import { useDatabase } from '../support/use-database.ts';
import { useResource } from '../support/use-resource.ts';

const database = useDatabase('test');
/** A backup from before any data was stored. PostgreSQL copies no database that is in use, so the node starts after it. */
const backup = useResource(
  () => cloneOf(database),
  copy => copy.drop(),
  'test',
);
/** A node that keeps running: its caches are of the lost log. */
const node = useResource(
  () => startApp({ DATABASE_URL: database.url }),
  app => app.stop(),
  'test',
);
let staff: string;
beforeAll(async () => {
  staff = await staffToken();
});

const ways = {
  'a plain POST': async <Data, Variables>(document: Document<Data, Variables>, variables: Variables, token: string) =>
    post(node.url, document, variables, { token }),
  'a WebSocket': async <Data, Variables>(document: Document<Data, Variables>, variables: Variables, token: string) => {
    const socket = await connectSocket(node.url, token);
    const answer = await socket.subscribe(document, variables).next();
    await socket.close();
    return answer;
  },
};

describe.each(Object.entries(ways))('over %s', (_, send) => {
  test('personal data that is stored after a restore under the running node stays readable by every node', async () => {
    const customer = await registered(node.url, 'Before The Restore');
    const known = await orderOf(customer, 'lost');
    await exchange(database.url, backup.url);

    // Staff register the same person again from paper; the person's old key is still in the node's memory.
    const input = { customerId: customer.id, name: 'Ada Again', email: 'ada@again.example' };
    const { position } = accepted(await send(RegisterCustomerDocument, { input }, staff));
    await expectName(node.url, customer, 'Ada Again', position);
    const orderId = await orderOf(customer, 'kept');
    expect(orderId).not.toBe(known);

    // A second node does not have the lost key in memory.
    const other = await startApp({ DATABASE_URL: database.url });
    await expectName(other.url, customer, 'Ada Again', position);
    const rename = { input: { customerId: customer.id, name: 'Ada Renamed' } };
    const renamed = accepted(await post(other.url, RenameCustomerDocument, rename, { token: staff })).position;
    for (const { url } of [node, other]) {
      await expectName(url, customer, 'Ada Renamed', renamed);
      const order = await post(url, OrderDocument, { id: orderId }, { token: staff });
      expect(order.data?.order).toMatchObject({ id: orderId, reference: 'kept', customer: { name: 'Ada Renamed' } });
      expect((await post(url, OrderDocument, { id: known }, { token: staff })).data).toEqual({ order: null });
      const page = await post(url, OrdersDocument, { atLeast: renamed }, { token: staff });
      expect(page.data?.orders?.edges.map(({ node: one }) => one.id)).toEqual([orderId]);
    }
    await other.stop();
    const verified = await runCli('orderstream', ['verify'], { DATABASE_URL: database.url });
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('all is well') as string });
  });
});

async function orderOf({ token }: Shopper, reference: string): Promise<string> {
  return accepted(await post(node.url, CreateOrderDocument, { input: { reference } }, { token })).orderId;
}

async function expectName(url: string, { id }: Shopper, name: string, atLeast: string): Promise<void> {
  const { data, errors } = await post(url, CustomerDocument, { id, atLeast }, { token: staff });
  expect(errors).toBeUndefined();
  expect(data?.customer).toMatchObject({ id, name });
}
