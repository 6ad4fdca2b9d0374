import { expect, test } from 'vitest';
import { openOperationSession } from '../../../src/client/operation-session.ts';
import { startOfLog } from '../../../src/event-store/position.ts';
import { pollState } from '../../../src/live/poll-state.ts';
import { openSharedInterval } from '../../../src/live/shared-interval.ts';
import { openLogger } from '../../../src/telemetry/logger.ts';

test('each state that a server sends reaches a page, at whatever position it changed', async () => {
  const states = ['LIVE', 'FAILED', 'REBUILDING', 'LIVE'];
  const remaining = [...states];
  const read = () => Promise.resolve({ position: startOfLog, continues: true, state: [remaining.shift()] });
  const frames = pollState(undefined, { read, interval: openSharedInterval(1), logger: openLogger('silent') });
  const session = openOperationSession({ query: 'subscription { projectionsUpdated { state } }' }, {});
  for (const expected of states) {
    const { kind, state } = (await frames.next()).value!;
    const answer = { data: { state }, extensions: { kind, position: `${'0'.repeat(13)}-aaaaaaaaaaaa` } };
    expect(session.take(answer)).toEqual({ ...answer, data: { state: [expected] } });
  }
  await frames.return!();
});
