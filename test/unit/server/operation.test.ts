import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { maximumSubscriptions, trackOpenPerCaller } from '../../../src/server/limits/open-per-caller.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { subscribeToOperation } from '../../../src/server/execution/operation.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import { openFrameDelivery } from '../../../src/server/execution/frames/frame-delivery.ts';
import { openSharedExecution } from '../../../src/server/execution/frames/frame-groups.ts';
import { doublingFragments } from '../../support/doubling-fragments.ts';
import { schema } from '../graphql/mini-schema.ts';
import { logger } from './mini-server.ts';

const actor = { role: 'staff', subject: 'anna' } as const;

function subscribing() {
  const shared = openSharedExecution();
  const callers = trackOpenPerCaller();
  const subscribe = (query: string, variableValues: Record<string, unknown> = {}) => {
    const contextValue = createContext({} as unknown as Dependencies, logger, {
      identity: { actor, expiresAt: Date.now() / 1000 + 60 },
    });
    const args = { schema, document: parse(query), contextValue, variableValues };
    return subscribeToOperation(args, { frames: openFrameDelivery(shared), callers });
  };
  return { shared, subscribe };
}

test('a subscription that cannot be joined leaves nothing open, however often it is tried', async () => {
  const { shared, subscribe } = subscribing();
  const tooLong = { text: 'x'.repeat(70_000) };
  for (let n = 0; n <= maximumSubscriptions; n++) {
    expect(await subscribe('subscription ($text: String) { roleTicks(step: 1) }', tooLong)).toMatchObject({
      errors: [{ message: expect.stringContaining('variables') }],
    });
  }
  expect(shared.groups).toBe(0);
});

test('a subscription whose source cannot be opened leaves nothing open either', async () => {
  const { shared, subscribe } = subscribing();
  expect(await subscribe('subscription ($step: Int) { roleTicks(step: $step) }', { step: 'no number' })).toHaveProperty(
    'errors',
  );
  expect(shared.groups).toBe(0);
});

test("a variable that is nested thousands deep is the caller's error, as in a query", async () => {
  const { shared, subscribe } = subscribing();
  const step: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
  expect(await subscribe('subscription ($step: Int) { roleTicks(step: $step) }', { step })).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
  expect(shared.groups).toBe(0);
});

test('a subscription of fragments that spread the next one twice is opened at once', async () => {
  const { subscribe } = subscribing();
  const answer = await subscribe(
    `subscription { ...F0 } ${doublingFragments(100, 'Subscription', 'roleTicks(step: 1)')}`,
  );
  expect(answer).toHaveProperty('next');
  await (answer as AsyncIterator<unknown>).return?.();
});

test.each([
  'subscription { ticks @skip(if: true) }',
  'subscription { ... @include(if: false) { ticks } }',
  'subscription { ...F @skip(if: true) } fragment F on Subscription { ticks }',
  'subscription { ...F } fragment F on Subscription { ticks @include(if: false) }',
])('a subscription that selects nothing is rejected as the caller’s error: %s', async query => {
  const { shared, subscribe } = subscribing();
  expect(await subscribe(query)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  expect(shared.groups).toBe(0);
});
