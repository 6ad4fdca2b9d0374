import { expect, test } from 'vitest';
import { openSharedReads } from '../../../src/live/shared-reads.ts';

test('callers with the same key before the read starts share its result; a later caller gets its own read', async () => {
  const reads = openSharedReads();
  const answers: ((answer: object) => void)[] = [];
  const read = () => new Promise<object>(resolve => answers.push(resolve));
  const early = [reads.once('a', read), reads.once('a', read), reads.once('b', read)];
  await new Promise(setImmediate);
  expect(answers.length).toBe(2);
  // The first read has started: the change that woke this caller may not be in it.
  const late = reads.once('a', read);
  await new Promise(setImmediate);
  expect(answers.length).toBe(3);
  for (const answer of answers) answer({});
  const [one, same, other] = await Promise.all(early);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
  expect(await late).not.toBe(one);
});

test('a failed read fails for all callers that share it, and for no later one', async () => {
  const reads = openSharedReads();
  const failing = () => Promise.reject(new Error('away'));
  const both = [reads.once('a', failing), reads.once('a', failing)];
  for (const one of both) await expect(one).rejects.toThrow('away');
  expect(await reads.once('a', () => Promise.resolve('back'))).toBe('back');
});
