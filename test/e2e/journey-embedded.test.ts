import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CancelOrderDocument, OrderUpdatedDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp } from '../support/app.ts';
import { journey } from '../support/journey.ts';
import { post } from '../support/post.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';

test('without configuration, an order is created, filled, submitted and watched; a second start continues from its data', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'orderstream-journey-'));
  try {
    const first = await spawnApp({ DATA_DIR });
    const shop = await openShop(first.url);
    const { orderId, order, position } = await journey(shop, { writes: first.url, reads: first.url });
    expect(await first.stop()).toBe(0);

    const second = await spawnApp({ DATA_DIR });
    const { token } = shop.customer;
    const socket = await connectSocket(second.url, token);
    const kept = socket.subscribe(OrderUpdatedDocument, { id: orderId });
    expect((await kept.next()).data?.orderUpdated).toEqual({ kind: 'SNAPSHOT', position, order });
    // The second process accepts a position of the first one: no change is repeated, and the new ones follow.
    const resumed = socket.subscribe(OrderUpdatedDocument, { id: orderId, after: position });
    const input = { orderId, reason: 'too late' };
    const cancelled = accepted(await post(second.url, CancelOrderDocument, { input }, { token }));
    expect((await resumed.next()).data?.orderUpdated).toMatchObject({
      position: cancelled.position,
      order: { status: 'CANCELLED', version: 4, cancellationReason: 'too late' },
    });
    await socket.close();
    expect(await second.stop()).toBe(0);
  } finally {
    await rm(DATA_DIR, { recursive: true, force: true });
  }
});
