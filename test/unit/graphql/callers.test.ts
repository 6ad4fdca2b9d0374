import { expect, test } from 'vitest';
import { mostSubscriptions, openCallers } from '../../../src/graphql/callers.ts';

const anna = { role: 'staff', subject: 'anna' } as const;
const ben = { role: 'staff', subject: 'ben' } as const;

test('a caller has so many subscriptions open and no more, over all sockets and streams; others are not concerned', () => {
  const callers = openCallers();
  const open = Array.from({ length: mostSubscriptions }, () => callers.openSubscription(anna));
  expect(() => callers.openSubscription(anna)).toThrow(
    expect.objectContaining({ extensions: { code: 'LIMIT_EXCEEDED', limit: mostSubscriptions } }) as Error,
  );
  callers.openSubscription(ben)();
  open[0]!();
  open[0]!(); // ended once
  callers.openSubscription(anna);
  expect(() => callers.openSubscription(anna)).toThrow('at most');
});

test('who is nobody in particular is not counted: rules refuse them', () => {
  expect(openCallers().openSubscription(undefined)).toBeTypeOf('function');
});
