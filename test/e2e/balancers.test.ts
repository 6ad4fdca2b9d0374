import { beforeAll, expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Balancer, startCaddy, startNginx } from '../support/balancers.ts';
import { openEventStream } from '../support/event-stream.ts';
import { describeWithPrograms } from '../support/installed-program.ts';
import { post } from '../support/post.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { useDatabase } from '../support/use-database.ts';
import { useResource } from '../support/use-resource.ts';

const subscription = 'subscription ($customerId: ID!) { customerOrdersUpdated(customerId: $customerId) { kind } }';

const starts = { caddy: startCaddy, nginx: startNginx };

for (const [program, start] of Object.entries(starts)) {
  describeWithPrograms([program], `${program} with the configuration in deploy/`, () => {
    const database = useDatabase();
    const nodes: TestApp[] = [];
    const balancer = useResource<Balancer>(
      async () => {
        for (let node = 0; node < 2; node++) nodes.push(await startApp({ DATABASE_URL: database.url }));
        return start(nodes.map(({ url }) => url));
      },
      async opened => {
        await opened.stop();
        for (const node of nodes) await node.stop();
      },
    );
    let shop: Awaited<ReturnType<typeof openShop>>;
    beforeAll(async () => {
      shop = await openShop(balancer.url);
    });

    function order() {
      const input = { items: [{ productId: shop.productId, quantity: 1 }] };
      return post(balancer.url, CreateOrderDocument, { input }, { token: shop.customer.token });
    }

    test('a query gets its answer, from both nodes', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post(balancer.url, '{ products { totalCount } }', {}, { token: shop.staff })),
      );
      expect(answers.map(({ data }) => data)).toEqual(answers.map(() => ({ products: { totalCount: 1 } })));
      const served = await Promise.all(nodes.map(async ({ probes }) => (await fetch(`${probes}/metrics`)).text()));
      for (const text of served) {
        expect(text).toMatch(/^orderstream_operations_total\{type="(query|mutation)",code="OK"\} [1-9]/m);
      }
    });

    test('a WebSocket gets the frame of a change', async () => {
      const socket = await connectSocket(balancer.url, shop.customer.token);
      const orders = socket.subscribe(subscription, { customerId: shop.customer.id });
      await orders.next();
      accepted(await order());
      expect((await orders.next()).data).toMatchObject({ customerOrdersUpdated: { kind: 'UPDATE' } });
      await socket.close();
    });

    test('an event stream gets the frame of a change at once', async () => {
      const variables = { customerId: shop.customer.id };
      const { token } = shop.customer;
      const stream = await openEventStream(balancer.url, subscription, variables, { token });
      await stream.next();
      accepted(await order());
      expect((await stream.next()).data).toMatchObject({ customerOrdersUpdated: { kind: 'UPDATE' } });
      stream.close();
      await stream.ended;
    });

    test('the paths of operators are not public', async () => {
      for (const path of ['/metrics', '/readyz']) expect((await fetch(balancer.url + path)).status, path).toBe(404);
    });
  });
}
