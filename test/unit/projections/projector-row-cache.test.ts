import { expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/projections/checkpoint.ts';
import { ProjectorRowCache } from '../../../src/projections/projector-row-cache.ts';

const at = (point: number, hash = 'a', generation = 1): Checkpoint => ({
  generation,
  live: true,
  position: { point, hash },
});
const rowsOf = (id: string, row: object) => [new Map([[id, row]]), new Map<string, object>()];

test('rows that were written with a move of the checkpoint need not be read while the checkpoint is at that position', () => {
  const kept = new ProjectorRowCache();
  expect(kept.at(at(1), 'one')).toBeUndefined();
  kept.moved(at(2), ['one'], rowsOf('one', { id: 'one' }));
  expect(kept.at(at(2), 'one')).toEqual([{ id: 'one' }, undefined]);
  expect(kept.at(at(2), 'two')).toBeUndefined();
  kept.moved(at(3), ['two'], rowsOf('two', { id: 'two' }));
  expect(kept.at(at(3), 'one')).toEqual([{ id: 'one' }, undefined]);
});

test.each([
  ['another projector has moved the checkpoint', at(3)],
  ['the log was replaced', at(2, 'b')],
  ['another generation is projected', at(2, 'a', 2)],
])('the cache is empty, also afterwards, if %s', (_what, elsewhere) => {
  const kept = new ProjectorRowCache();
  kept.moved(at(2), ['one'], rowsOf('one', {}));
  expect(kept.at(elsewhere, 'one')).toBeUndefined();
  expect(kept.at(at(2), 'one')).toBeUndefined();
});

test('the cache is limited by the entries of its lists, not by rows alone', () => {
  const kept = new ProjectorRowCache();
  const ids = Array.from({ length: 300 }, (_, n) => `${n}`);
  kept.moved(at(1), ids, [new Map(ids.map(id => [id, { lines: Array.from({ length: 500 }) }]))]);
  expect(ids.filter(id => kept.at(at(1), id)).length).toBeLessThan(200);
  expect(kept.at(at(1), '299')).toBeDefined();
});
