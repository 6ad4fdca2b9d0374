import { expect, test } from 'vitest';
import type { EventStore } from '../../src/event-store/event-store.ts';
import { newId } from '../../src/ids.ts';
import { fillEmptyLog, sampleCustomerId, sampleProductId } from '../../src/development/sample-data.ts';
import { freshDatabase } from '../support/postgres.ts';
import { onProduct, openNode, positionOf, type TestNode } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { node } = useNode('test');

/** The content of the log, without the parts that differ between runs. */
async function log({ store }: Pick<TestNode, 'store'> = node): Promise<string[]> {
  const events = await store.readLog(0, 1_000);
  return events.map(({ type, streamId, version }) => `${type} ${streamId} ${version}`);
}

/** A process that dies when it is about to store its n-th command. */
function dyingAt(n: number): EventStore {
  let appends = 0;
  return {
    ...node.store,
    append: (request, deadline) => {
      if (++appends === n) throw new Error('killed');
      return node.store.append(request, deadline);
    },
  };
}

test('an empty log gets three customers and eight products, once, even after more starts', async () => {
  await fillEmptyLog(node.store);
  const filled = await log();
  expect(filled.filter(line => /^CustomerRegistered cus_\S+ 1$/.test(line))).toHaveLength(3);
  expect(filled.filter(line => /^ProductAdded prd_\S+ 1$/.test(line))).toHaveLength(8);
  expect(filled).toHaveLength(11);
  expect(filled[0]).toBe(`CustomerRegistered ${sampleCustomerId} 1`);
  expect(filled).toContain(`ProductAdded ${sampleProductId} 1`);

  await fillEmptyLog(node.store);
  expect(await log()).toEqual(filled);
});

test('a start that was killed at any sample is completed by the next one', async () => {
  // Each start gets one sample further.
  for (let stored = 1; stored <= 10; stored++) {
    await expect(fillEmptyLog(dyingAt(2))).rejects.toThrow('killed');
    expect(await log()).toHaveLength(stored);
  }
  await fillEmptyLog(node.store);
  const pieced = await log();

  const other = await freshDatabase();
  const whole = await openNode(other.url);
  await fillEmptyLog(whole.store);
  expect(pieced).toEqual(await log(whole));
  await whole.close();
  await other.drop();
});

test('two starts at the same time store each sample once', async () => {
  await Promise.all([fillEmptyLog(node.store), fillEmptyLog(node.store)]);
  const filled = await log();
  expect(filled).toHaveLength(11);
  expect(new Set(filled).size).toBe(11);
});

test('a log with other events is not changed', async () => {
  const productId = newId('prd');
  const command = { type: 'AddProduct', productId, sku: 'A', name: 'A', price: 1, currency: 'EUR' } as const;
  await positionOf(onProduct(node, productId, command));
  await fillEmptyLog(node.store);
  expect(await log()).toEqual([`ProductAdded ${productId} 1`]);
});

test('a log with events after the samples is not changed, even if samples are missing', async () => {
  await fillEmptyLog(dyingAt(4)).catch(() => undefined);
  const productId = newId('prd');
  const command = { type: 'AddProduct', productId, sku: 'A', name: 'A', price: 1, currency: 'EUR' } as const;
  await positionOf(onProduct(node, productId, command));
  const before = await log();
  expect(before).toHaveLength(4);
  await fillEmptyLog(node.store);
  expect(await log()).toEqual(before);
});

test('the ids of the samples never change: a later start uses them to find which samples are stored', async () => {
  await fillEmptyLog(node.store);
  const events = await node.store.readLog(0, 1_000);
  expect(events.map(({ streamId, commandId }) => `${streamId} ${commandId}`)).toMatchInlineSnapshot(`
    [
      "cus_8f3cfc27-7be6-559e-818f-c060714f650a fd09aaf6-5bec-5300-b804-e603153e05bd",
      "cus_8ed264de-1e99-5ca9-ba10-e8891320879e 4e060e46-fbd8-5eb5-98e0-f4b00fc4b5bb",
      "cus_9d64d917-1a4d-5c9f-b3be-8614d9816dc9 54872490-a980-5af8-94eb-d35771a2f3e0",
      "prd_9f226224-90d7-598a-a4d8-b77269b2baff 2452854f-2cdb-5312-bb82-81e464d2c626",
      "prd_e78d7fe0-6185-58aa-be07-af01828478dc a09e7113-fbb3-551d-89b6-22befde3788b",
      "prd_81f92273-4350-5e73-b90a-01b4d14f6404 80606ec0-4a88-5143-a4da-f6b7dfb381df",
      "prd_d2ddc9ca-80af-5bfe-8e01-80c7526e714f 6336044e-c100-5036-a4dd-549243264ccd",
      "prd_4c1f8f94-9c34-5938-abfe-712c1485753e 861a3363-6c3a-50f7-9446-e9743b1c4dfa",
      "prd_44cde29b-2581-5e7f-8473-58cd08195324 210254ce-161f-5490-ace1-1f4fda9cba26",
      "prd_0519e85d-c6fd-50ff-b385-0e10d98d51f2 17f7e367-0173-50cb-89f7-16fb359466db",
      "prd_8484a898-9ac3-5ace-b536-54d9e2aa9b59 227eb3ad-f6f0-5682-8984-0209b8ceef4d",
    ]
  `);
});
