import { afterAll, afterEach, beforeEach } from 'vitest';
import { leftOpen } from './left-open.ts';

type Open = typeof leftOpen extends Set<infer Item> ? Item : never;

let before: readonly Open[] = [];
beforeEach(() => {
  before = [...leftOpen];
});

// Registered before those of the tests themselves, so that these run after them.
afterEach(() =>
  closeAndFail(
    [...leftOpen].filter(item => !before.includes(item)),
    'This test',
  ),
);
afterAll(() => closeAndFail([...leftOpen], 'This file'));

async function closeAndFail(items: readonly Open[], who: string): Promise<void> {
  if (items.length === 0) return;
  for (const item of items) leftOpen.delete(item);
  await Promise.allSettled(items.map(item => Promise.resolve().then(item.close)));
  throw new Error(`${who} left open: ${items.map(item => item.what).join(', ')}`);
}
