import { expect } from 'vitest';
import { type OrderRow, orderView } from '../../src/order/views/order-view.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import type { Views } from '../../src/projections/view.ts';
import { views } from '../../src/slices.ts';
import type { TestNode } from './test-node.ts';

/**
 * Views of a release whose order view cannot fold some versions of one order.
 * @param errorOf the message with which the fold of a version fails; undefined: it does not
 */
export function failingViews(orderId: string, errorOf: (version: number) => string | undefined): Views {
  const broken = {
    ...orderView,
    fold: (row: OrderRow | undefined, event: Parameters<typeof orderView.fold>[1]) => {
      const error = event.streamId === orderId ? errorOf(event.version) : undefined;
      if (error !== undefined) throw new Error(error);
      return orderView.fold(row, event);
    },
  };
  return {
    folded: views.folded.map(view => (view === orderView ? (broken as unknown as typeof view) : view)),
    derived: views.derived.map(view => (view.source === orderView ? { ...view, source: broken } : view)),
    summed: views.summed.map(view => (view.source === orderView ? { ...view, source: broken } : view)),
  };
}

/** Projects the rest of the log, with views that may be broken. */
export async function projectWith(node: TestNode, folding: Views): Promise<void> {
  for (;;) {
    const checkpoint = await readCheckpoint(node.database);
    const events = await node.store.readLog(checkpoint.position.point, 1_000);
    if (events.length === 0) return;
    expect(await projectBatch({ ...node, views: folding }, checkpoint, events)).toBe(true);
  }
}
