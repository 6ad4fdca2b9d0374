import { afterAll, beforeAll, expect, test } from 'vitest';
import { AddOrderItemDocument, CreateOrderDocument, OrderDocument } from '../generated/graphql.ts';
import { accepted, refusal } from '../support/accepted.ts';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { codesOf } from '../support/codes-of.ts';
import { onDatabase } from '../support/on-database.ts';
import { post, type PostAnswer } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { added, openShop, type Shop } from '../support/shop.ts';
import { useDatabase } from '../support/use-database.ts';

describeWithRedis('one order, through two processes at once', () => {
  const database = useDatabase();
  let nodes: readonly [SpawnedApp, SpawnedApp];
  let shop: Shop;

  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    nodes = await Promise.all([spawnApp({ ...env, ROLES: 'api' }), spawnApp({ ...env, ROLES: 'api,projector' })]);
    shop = await openShop(nodes[0].url);
  });
  afterAll(async () => {
    for (const node of nodes) await node.stop();
  });

  async function createOrder(): Promise<string> {
    const { token } = shop.customer;
    return accepted(await post(nodes[0].url, CreateOrderDocument, { input: {} }, { token })).orderId;
  }

  /** Sends all of them at once, every other one to the other node. */
  function addAtOnce(inputs: readonly { orderId: string; productId: string; [name: string]: unknown }[]) {
    const { token } = shop.customer;
    return Promise.all(
      inputs.map((input, index) => post(nodes[index % 2]!.url, AddOrderItemDocument, { input }, { token })),
    );
  }

  /** The events of the order's stream after the first one. */
  async function storedAfterCreation(orderId: string) {
    return onDatabase(database.url, async client => {
      const { rows } = await client.query<{ version: number; position: string; type: string; lineId: string }>(
        `SELECT version, lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position, type,
           data->>'lineId' AS "lineId"
         FROM events WHERE stream_id = $1 AND version > 1 ORDER BY version`,
        [orderId],
      );
      return rows;
    });
  }

  test('of 100 concurrent items exactly the acknowledged ones are in the stream, each once, at the version of its response', async () => {
    const orderId = await createOrder();
    const products = await Promise.all(Array.from({ length: 100 }, () => added(nodes[0].url)));
    const lineIds = products.map(() => `lin_${crypto.randomUUID()}`);
    const answers = await addAtOnce(
      products.map((productId, index) => ({ orderId, productId, lineId: lineIds[index] })),
    );

    const acknowledged = answers.flatMap((answer, index) => {
      if (answer.errors === undefined) {
        const { version, position } = accepted(answer);
        return [{ version, position, type: 'OrderItemAdded', lineId: lineIds[index]! }];
      }
      // Other commands were faster at each attempt: the response says so, and nothing is stored.
      expect(codesOf(answer)).toEqual(['UNAVAILABLE']);
      return [];
    });
    expect(await storedAfterCreation(orderId)).toEqual(acknowledged.sort((a, b) => a.version - b.version));
    expect(acknowledged.length).toBeGreaterThan(90);

    const { token } = shop.customer;
    const { data } = await post(nodes[1].url, OrderDocument, { id: orderId }, { token });
    expect(data!.order!.lines.map(({ id }) => id)).toEqual(acknowledged.map(({ lineId }) => lineId));
  });

  test('of 20 concurrent items with one expected version, one is added; the others get the current version', async () => {
    const orderId = await createOrder();
    const { productId } = shop;
    const answers = await addAtOnce(Array.from({ length: 20 }, () => ({ orderId, productId, expectedVersion: 1 })));

    const [winner, ...more] = answers.filter(isAccepted);
    expect(more).toEqual([]);
    const { version, position } = accepted(winner!);
    expect(version).toBe(2);
    expect(await storedAfterCreation(orderId)).toMatchObject([{ version, position }]);
    for (const answer of answers.filter(one => one !== winner)) {
      expect(refusal(answer)).toMatchObject({
        __typename: 'VersionConflictError',
        expectedVersion: 1,
        actualVersion: 2,
      });
    }
  });

  test('20 concurrent items under one idempotency key have one effect and one response', async () => {
    const orderId = await createOrder();
    const { productId } = shop;
    const input = { orderId, productId, quantity: 3, idempotencyKey: crypto.randomUUID() };
    const answers = await addAtOnce(Array.from({ length: 20 }, () => input));

    const [stored, ...more] = await storedAfterCreation(orderId);
    expect(more).toEqual([]);
    for (const answer of answers) {
      const { version, position, order } = accepted(answer);
      expect({ version, position }).toEqual({ version: stored!.version, position: stored!.position });
      expect(order).toMatchObject({ version: 2, itemCount: 3 });
    }
  });

  test('of 20 concurrent different commands under one key, one is executed; the others are rejected', async () => {
    const orderId = await createOrder();
    const { productId } = shop;
    const idempotencyKey = crypto.randomUUID();
    const answers = await addAtOnce(
      Array.from({ length: 20 }, (_, index) => ({ orderId, productId, quantity: index + 1, idempotencyKey })),
    );

    const [winner, ...more] = answers.filter(isAccepted);
    expect(more).toEqual([]);
    expect(await storedAfterCreation(orderId)).toMatchObject([{ version: 2, position: accepted(winner!).position }]);
    for (const answer of answers.filter(one => one !== winner)) {
      expect(refusal(answer).__typename).toBe('IdempotencyKeyReusedError');
    }
  });
});

function isAccepted({ data }: PostAnswer<{ addOrderItem: { __typename: string } | null }>): boolean {
  return data?.addOrderItem?.__typename === 'OrderCommandPayload';
}
