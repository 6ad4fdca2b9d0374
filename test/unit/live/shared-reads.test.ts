import { expect, test } from 'vitest';
import { openSharedReads } from '../../../src/live/shared-reads.ts';

test('who asks for the same before it is read gets one answer; who asks after that gets a read of their own', async () => {
  const reads = openSharedReads();
  const answers: ((answer: object) => void)[] = [];
  const read = () => new Promise<object>(resolve => answers.push(resolve));
  const early = [reads.once('a', read), reads.once('a', read), reads.once('b', read)];
  await new Promise(setImmediate);
  expect(answers.length).toBe(2);
  // The first has begun: what this one was told of may not be in it.
  const late = reads.once('a', read);
  await new Promise(setImmediate);
  expect(answers.length).toBe(3);
  for (const answer of answers) answer({});
  const [one, same, other] = await Promise.all(early);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
  expect(await late).not.toBe(one);
});

test('a read that fails fails for all who wait for it, and for nobody after them', async () => {
  const reads = openSharedReads();
  const failing = () => Promise.reject(new Error('away'));
  const both = [reads.once('a', failing), reads.once('a', failing)];
  for (const one of both) await expect(one).rejects.toThrow('away');
  expect(await reads.once('a', () => Promise.resolve('back'))).toBe('back');
});
