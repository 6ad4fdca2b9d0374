import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/** `file`: from the first test of the file (or of the suite that calls it) to the last one; `test`: a new one for each test. */
export type Lifetime = 'file' | 'test';

/**
 * Opens something before the tests and closes it after them: what was opened first is closed last.
 * @returns an object that has no members until the tests start: take it apart inside of tests only
 */
export function useResource<Opened extends object>(
  open: () => Promise<Opened>,
  close: (opened: Opened) => Promise<unknown> = () => Promise.resolve(),
  lifetime: Lifetime = 'file',
): Opened {
  const current = {} as Opened;
  let closeCurrent: () => Promise<unknown> = () => Promise.resolve();
  const [before, after] = lifetime === 'file' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    const opened = await open();
    Object.assign(current, opened);
    closeCurrent = () => close(opened);
  });
  after(async () => {
    await closeCurrent();
    closeCurrent = () => Promise.resolve();
  });
  return current;
}
