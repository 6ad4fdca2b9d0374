import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { add, useDesk } from './operator/desk.ts';

const {
  database,
  desk,
  operate,
  ask,
  eventAt,
  parkedStreams,
  isRebuilding,
  generations,
  faults,
  newOrder,
  addItem,
  damaged,
} = useDesk();

describe('a rebuild', () => {
  test('starts at once, is seen at once, replaces every generation while orders go on, and is named after its operator', async () => {
    const before = await generations();
    const requested = await operate('rebuildView', { view: 'sales_by_day', idempotencyKey: 'rebuild-1' });
    expect(requested).toMatchObject({ __typename: 'OperatorCommandPayload' });
    const again = await operate('rebuildView', { view: 'sales_by_day', idempotencyKey: 'rebuild-1' });
    expect(again).toEqual(requested);
    expect(await operate('rebuildView', { view: 'order_view', idempotencyKey: 'rebuild-1' })).toMatchObject({
      __typename: 'IdempotencyKeyReusedError',
    });
    const orders = await Promise.all(Array.from({ length: 10 }, () => newOrder()));
    await eventually(async () => {
      expect(await generations()).toEqual([{ generation: before[0]!.generation + 1, live: true }]);
    });
    for (const orderId of orders) await addItem(orderId, 2);
    expect(await isRebuilding()).toBe(false);
    expect(await faults()).toEqual([]);
    expect(await eventAt(requested.position!)).toMatchObject({
      type: 'RebuildRequested',
      actor: 'olga',
      actorRole: 'OPERATOR',
      data: { view: 'sales_by_day' },
    });
  });

  test('of a view that does not exist is not found', async () => {
    expect(await operate('rebuildView', { view: 'oder_view' })).toEqual({
      __typename: 'NotFoundError',
      id: 'oder_view',
      message: 'There is no read model with this id: check the id.',
    });
  });

  test('cannot be abandoned if none is running', async () => {
    expect(await operate('abandonRebuild', {})).toMatchObject({
      __typename: 'RejectedError',
      reason: 'NO_REBUILD_RUNNING',
    });
  });

  test('is not started twice, and is abandoned with its rows, by which time another one may start', async () => {
    // No process continues this one: a terminal command started it and was killed.
    await onDatabase(database.url, client =>
      client.query(`INSERT INTO checkpoints (group_name, generation, live, position, hash)
        SELECT 'core', max(generation) + 1, false, 0, '000000000000' FROM checkpoints`),
    );
    expect(await isRebuilding()).toBe(true);
    const refusal = { __typename: 'RejectedError', reason: 'REBUILD_RUNNING' };
    expect(await operate('rebuildView', { view: 'order_view' })).toMatchObject(refusal);
    const abandoned = await operate('abandonRebuild', {});
    expect(await isRebuilding()).toBe(false);
    expect(await operate('abandonRebuild', {})).toMatchObject({ reason: 'NO_REBUILD_RUNNING' });
    await eventually(async () => expect(await generations()).toHaveLength(1));
    expect(await eventAt(abandoned.position!)).toMatchObject({ type: 'RebuildAbandoned', actor: 'olga' });
    const both = await Promise.all([
      operate('rebuildView', { view: 'order_view' }),
      operate('rebuildView', { view: 'order_view' }),
    ]);
    expect(both.map(({ __typename }) => __typename).sort()).toEqual(['OperatorCommandPayload', 'RejectedError']);
    await eventually(async () => {
      expect(await generations()).toHaveLength(1);
      expect(await isRebuilding()).toBe(false);
    });
    expect(await faults()).toEqual([]);
  });
});

describe('a parked stream', () => {
  test('is found, retried and skipped: its rows continue without that event, in every generation, and verify agrees', async () => {
    const orderId = await newOrder();
    await addItem(orderId, 1);
    await damaged(orderId, () =>
      ask(add, { input: { orderId, productId: desk.shop.productId, quantity: 4 } }, desk.shop.customer.token),
    );
    await eventually(async () => {
      expect(await parkedStreams(undefined, desk.shop.staff)).toMatchObject([
        { streamType: 'order', streamId: orderId, version: 3, attempts: 1 },
      ]);
    });
    const retried = await operate('retryParkedStream', { streamId: orderId });
    expect(await parkedStreams(retried.position)).toMatchObject([{ version: 3, attempts: 2 }]);
    expect(await eventAt(retried.position!)).toMatchObject({
      type: 'StreamRetried',
      actor: 'olga',
      actorRole: 'OPERATOR',
      data: { streamType: 'order', streamId: orderId },
    });
    expect(await faults()).toMatchObject([{ view: 'order_view', id: orderId }]);

    expect(await operate('skipParkedStream', { streamId: orderId, version: 2 })).toMatchObject({
      __typename: 'RejectedError',
      reason: 'STREAM_NOT_PARKED',
    });
    const skipped = await operate('skipParkedStream', { streamId: orderId, version: 3 });
    expect(await parkedStreams(skipped.position)).toEqual([]);
    expect(await eventAt(skipped.position!)).toMatchObject({
      type: 'StreamEventSkipped',
      actor: 'olga',
      data: { streamType: 'order', streamId: orderId, version: 3 },
    });
    const read =
      'query ($id: ID!, $atLeast: Position) { order(id: $id, atLeast: $atLeast) { version itemCount position } }';
    expect(await ask(read, { id: orderId, atLeast: skipped.position })).toEqual({
      order: { version: 3, itemCount: 1, position: skipped.position },
    });
    expect(await faults()).toEqual([]);

    // Another generation, and the rest of the stream.
    const before = await generations();
    await operate('rebuildView', { view: 'order_view' });
    await eventually(async () => {
      expect(await generations()).toEqual([{ generation: before[0]!.generation + 1, live: true }]);
    });
    expect(await ask(read, { id: orderId, atLeast: skipped.position })).toEqual({
      order: { version: 3, itemCount: 1, position: skipped.position },
    });
    expect(await parkedStreams()).toEqual([]);
    expect(await faults()).toEqual([]);
    for (const name of ['retryParkedStream', 'skipParkedStream']) {
      expect(await operate(name, { streamId: orderId })).toMatchObject({ reason: 'STREAM_NOT_PARKED' });
    }
  });

  test('is listed in pages, in the order of the events', async () => {
    const orders = [await newOrder(), await newOrder(), await newOrder()];
    for (const orderId of orders) {
      await damaged(orderId, () =>
        ask(add, { input: { orderId, productId: desk.shop.productId, quantity: 4 } }, desk.shop.customer.token),
      );
    }
    await eventually(async () => expect(await parkedStreams()).toHaveLength(3));
    const page = `query ($first: Int, $after: String, $last: Int, $before: String) {
      parkedStreams(first: $first, after: $after, last: $last, before: $before) {
        nodes { streamId } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    interface Page {
      readonly parkedStreams: { readonly pageInfo: { readonly startCursor: string; readonly endCursor: string } };
    }
    const first = await ask<Page>(page, { first: 2 });
    expect(first).toMatchObject({
      parkedStreams: {
        nodes: [{ streamId: orders[0] }, { streamId: orders[1] }],
        totalCount: 3,
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    });
    const second = await ask<Page>(page, { first: 2, after: first.parkedStreams.pageInfo.endCursor });
    expect(second).toMatchObject({
      parkedStreams: { nodes: [{ streamId: orders[2] }], pageInfo: { hasNextPage: false, hasPreviousPage: true } },
    });
    expect(await ask<Page>(page, { last: 1, before: second.parkedStreams.pageInfo.startCursor })).toMatchObject({
      parkedStreams: { nodes: [{ streamId: orders[1] }], pageInfo: { hasNextPage: true, hasPreviousPage: true } },
    });
    for (const streamId of orders) await operate('skipParkedStream', { streamId });
    await eventually(async () => expect(await parkedStreams()).toEqual([]));
    expect(await faults()).toEqual([]);
  });
});
