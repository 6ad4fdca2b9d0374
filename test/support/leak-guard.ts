import { afterAll, afterEach, beforeEach } from 'vitest';
import { leftOpen } from './left-open.ts';

type Open = typeof leftOpen extends Set<infer Item> ? Item : never;

let before: readonly Open[] = [];
beforeEach(() => {
  before = [...leftOpen];
});

// Registered before the hooks of the tests, so that these run after them.
afterEach(async ({ task }) => {
  const items = [...leftOpen].filter(item => !before.includes(item));
  // If a test failed, its own error is what matters, not what it did not close.
  if (task.result?.state === 'fail') await close(items);
  else await closeAndFail(items, 'This test');
});
afterAll(() => closeAndFail([...leftOpen], 'This file'));

async function close(items: readonly Open[]): Promise<void> {
  for (const item of items) leftOpen.delete(item);
  await Promise.allSettled(items.map(item => Promise.resolve().then(item.close)));
}

async function closeAndFail(items: readonly Open[], who: string): Promise<void> {
  if (items.length === 0) return;
  await close(items);
  throw new Error(`${who} did not close: ${items.map(item => item.what).join(', ')}`);
}
