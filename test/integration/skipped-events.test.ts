import { beforeEach, describe, expect, test } from 'vitest';
import { projectionDecider } from '../../src/operator/projection-decider.ts';
import { newCommandId, newId } from '../../src/ids.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { readParked } from '../../src/projections/park-stream.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { verifyViews } from '../../src/projections/verify-views.ts';
import type { Views } from '../../src/projections/view.ts';
import { views } from '../../src/slices.ts';
import { failingViews, projectWith } from '../support/broken-views.ts';
import { viewRows } from '../support/plain-fold.ts';
import { addItem, createdOrder, productOnSale, projectAll, registeredCustomer } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { node } = useNode('test');
let orderId: string;

beforeEach(async () => {
  const customerId = await registeredCustomer(node);
  orderId = await createdOrder(node, customerId);
  await projectAll(node);
});

const failingOn = (...versions: readonly number[]) =>
  failingViews(orderId, version => (versions.includes(version) ? `no fold of ${version}` : undefined));
const project = (folding: Views) => projectWith(node, folding);

/** An operator skips a version of the order. */
async function skip(version: number): Promise<number> {
  const parked = { streamType: 'order', streamId: orderId, version };
  const answer = await node.handle(projectionDecider, {
    streamId: newId('prj'),
    command: { type: 'SkipStreamEvent', parked, version },
    commandId: newCommandId(),
    commandHash: 'ab'.repeat(32),
    actor: { role: 'operator', subject: 'olga' },
    correlationId: 'test',
    now: new Date(),
  });
  if (answer.type !== 'accepted') throw new Error(answer.type);
  return answer.position.point;
}

/** Adds a line of another product, so that the order has exactly the units of the events that are folded. */
async function addUnits(quantity: number): Promise<void> {
  await addItem(node, orderId, await productOnSale(node), quantity);
}

const rowOf = async () => (await viewRows(node.database, 'order_view', 'orderId')).get(orderId);
const faults = () => verifyViews(node.source, views, () => undefined);
const rebuilt = (with_ = views) =>
  rebuild({ ...node, views: with_, retry: () => Promise.resolve(), onProgress: () => undefined });

describe('a skipped event', () => {
  test('is left out of the rows for good, its version counts, and the next events are folded', async () => {
    for (const quantity of [1, 10, 100]) await addUnits(quantity);
    await project(failingOn(3));
    expect(await readParked(node.database)).toMatchObject([{ streamId: orderId, version: 3 }]);
    const position = await skip(3);
    await project(failingOn(3));
    expect(await readParked(node.database)).toEqual([]);
    expect(await rowOf()).toMatchObject({ itemCount: 101, version: 4, position });
    await addUnits(1_000);
    await project(failingOn(3));
    expect(await rowOf()).toMatchObject({ itemCount: 1_101, version: 5 });
    // Of the release that could not fold it, and of one that can.
    expect(await verifyViews(node.source, failingOn(3), () => undefined)).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  test('that is the last one of its stream leaves a row at its version, so that no read folds it again', async () => {
    await addUnits(1);
    await addUnits(10);
    await project(failingOn(3));
    await skip(3);
    await project(failingOn(3));
    expect(await rowOf()).toMatchObject({ itemCount: 1, version: 3 });
    // The log is ahead of the views: the read looks for newer events.
    await registeredCustomer(node, 'Ben');
    const { rows, parked } = await readOrders(node.source, [orderId]);
    expect(rows.get(orderId)!.row).toMatchObject({ itemCount: 1, version: 3 });
    expect(parked.size).toBe(0);
  });

  test('is left out by a generation that could fold it, and by one that was past it', async () => {
    for (const quantity of [1, 10, 100]) await addUnits(quantity);
    await project(failingOn(3));
    // The skip comes when a generation that folds the event has its row already.
    const started = await beginRebuild(node.database);
    const log = await node.store.readLog(0, 100);
    expect(await projectBatch({ ...node, views }, started, log)).toBe(true);
    await skip(3);
    await project(failingOn(3));
    const live = await rowOf();
    expect(await rebuilt()).toBe('folded');
    expect(await rowOf()).toEqual(live);
    expect(await rebuilt(failingOn(3))).toBe('folded');
    expect(await rowOf()).toEqual(live);
    expect(await readParked(node.database)).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  test('if a later event cannot be folded either, the stream is parked before that one, which can be skipped too', async () => {
    for (const quantity of [1, 10, 100, 1_000]) await addUnits(quantity);
    const bad = failingOn(3, 5);
    await project(bad);
    await skip(3);
    await project(bad);
    expect(await readParked(node.database)).toMatchObject([{ version: 5, attempts: 1, error: 'Error: no fold of 5' }]);
    expect(await rowOf()).toMatchObject({ itemCount: 101, version: 4 });
    await skip(5);
    await project(bad);
    expect(await readParked(node.database)).toEqual([]);
    expect(await rowOf()).toMatchObject({ itemCount: 101, version: 5 });
    expect(await faults()).toEqual([]);
  });

  test('that made the row takes the row away, also from views that are derived from it, and from the sums', async () => {
    await addUnits(1);
    await project(views);
    expect(await rowOf()).toMatchObject({ itemCount: 1 });
    await skip(1);
    await skip(2);
    await project(views);
    expect(await rowOf()).toBeUndefined();
    expect((await viewRows(node.database, 'customer_order_view', 'orderId')).get(orderId)).toBeUndefined();
    expect(await faults()).toEqual([]);
    expect(await rebuilt()).toBe('folded');
    expect(await faults()).toEqual([]);
  });
});
