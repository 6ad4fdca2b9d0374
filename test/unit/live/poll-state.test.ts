import { expect, test } from 'vitest';
import { startOfLog } from '../../../src/event-store/position.ts';
import { pollState, type StateFrame } from '../../../src/live/poll-state.ts';
import { openSharedInterval } from '../../../src/live/shared-interval.ts';
import { openSharedReads } from '../../../src/live/shared-reads.ts';
import { openLogger } from '../../../src/telemetry/logger.ts';

test('a hundred subscribers of a state share one read per interval, and reads stop after all have left', async () => {
  const reads = openSharedReads();
  const interval = openSharedInterval(50);
  let state = ['LIVE'];
  let asked = 0;
  const read = () =>
    reads.once('state', () => {
      asked++;
      return Promise.resolve({ position: startOfLog, continues: true, state });
    });
  const watch = () => pollState(undefined, { read, interval, logger: openLogger('silent') });
  const all = Array.from({ length: 100 }, watch);
  for (const expected of [state, ['FAILED']]) {
    state = expected;
    const [before, began] = [asked, performance.now()];
    const taken = await Promise.all(all.map(frames => frames.next()));
    const values = taken.map(({ value }) => value as StateFrame<string[]>);
    expect(new Set(values.map(frame => frame.state))).toEqual(new Set([expected]));
    expect(new Set(values.map(frame => frame.row)).size).toBe(1);
    expect(asked - before).toBeLessThanOrEqual((performance.now() - began) / 50 + 1);
  }
  const waiting = all.map(frame => frame.next());
  for (const one of all) await one.return!();
  for (const end of await Promise.all(waiting)) expect(end.done).toBe(true);
  await new Promise(resolve => setTimeout(resolve, 60));
  const after = asked;
  await new Promise(resolve => setTimeout(resolve, 150));
  expect(asked).toBe(after);
});
