import { expect, test } from 'vitest';
import { openBatchedRead } from '../../../src/projections/batched-read.ts';
import { eventually } from '../../support/eventually.ts';

const position = { point: 1, hash: 'abcdefabcdef' };

test('two statements that hang delay no caller of other entities', async () => {
  const asked: string[][] = [];
  const one = openBatchedRead<string>(ids => {
    asked.push([...ids]);
    if (asked.length <= 2) return new Promise(() => undefined);
    return Promise.resolve({ position, rows: new Map(ids.map(id => [id, `row of ${id}`])) });
  });
  for (const id of ['a', 'b']) {
    void one(id);
    await eventually(() => expect(asked.flat()).toContain(id));
  }
  expect(await one('c')).toEqual({ position, value: 'row of c', parkedAt: undefined });
});

test('requests that arrive while two statements are in flight share the next one', async () => {
  const asked: string[][] = [];
  const answer: (() => void)[] = [];
  const one = openBatchedRead<string>(ids => {
    asked.push([...ids]);
    return new Promise(resolve => answer.push(() => resolve({ position, rows: new Map() })));
  });
  const all: Promise<unknown>[] = [];
  for (const id of ['a', 'b']) {
    all.push(one(id));
    await eventually(() => expect(asked.flat()).toContain(id));
  }
  all.push(one('c'), one('d'));
  answer[0]?.();
  await eventually(() => expect(asked).toEqual([['a'], ['b'], ['c', 'd']]));
  for (const settle of answer) settle();
  await Promise.all(all);
});

test('a statement reads at most a hundred entities, two are in flight, and each caller gets its own result', async () => {
  const asked: number[] = [];
  let inFlight = 0;
  const read = openBatchedRead(async (ids: readonly string[]) => {
    asked.push(ids.length);
    expect(++inFlight).toBeLessThanOrEqual(2);
    await new Promise(setImmediate);
    inFlight--;
    return { position: { point: 1, hash: 'a' }, rows: new Map(ids.map(id => [id, `row ${id}`])) };
  });
  const ids = Array.from({ length: 250 }, (_, index) => `id ${index}`);
  const found = await Promise.all([...ids, ...ids.slice(240)].map(read));
  expect(found.map(({ value }) => value)).toEqual([...ids, ...ids.slice(240)].map(id => `row ${id}`));
  expect(asked).toEqual([100, 100, 50]);
});
