import { expect, test } from 'vitest';
import { openClosers } from '../../../src/async/closers.ts';

const soon = () => new Promise<void>(resolve => setImmediate(resolve));

test('resources are closed in reverse order, each after the one before has finished', async () => {
  const closers = openClosers();
  const steps: string[] = [];
  for (const part of ['database', 'bus', 'server']) {
    closers.push(async () => {
      steps.push(`closing ${part}`);
      await soon();
      steps.push(`closed ${part}`);
    });
  }
  await closers.release();
  expect(steps).toEqual(['server', 'bus', 'database'].flatMap(part => [`closing ${part}`, `closed ${part}`]));
});

test('a failing closer prevents no other one, and the first error is thrown', async () => {
  const closers = openClosers();
  let closed = false;
  closers.push(() => {
    closed = true;
  });
  closers.push(() => Promise.reject(new Error('second')));
  closers.push(() => {
    throw new Error('first');
  });
  await expect(closers.release()).rejects.toThrow('first');
  expect(closed).toBe(true);
});

test('a second release closes nothing again, and waits for the first', async () => {
  const closers = openClosers();
  let closed = 0;
  closers.push(async () => {
    await soon();
    closed++;
  });
  void closers.release();
  await closers.release();
  expect(closed).toBe(1);
});

test('after closing has begun, nothing can be opened', async () => {
  const closers = openClosers();
  await closers.release();
  expect(() => closers.push(() => undefined)).toThrow('opened after everything was closed');
});
