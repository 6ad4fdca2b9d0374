import { parse } from 'graphql';
import { expect, test } from 'vitest';
import {
  maximumUnauthenticatedSockets,
  maximumSubscriptions,
  trackOpenPerCaller,
} from '../../../src/server/limits/open-per-caller.ts';
import { maximumWeight } from '../../../src/server/limits/held-documents.ts';

const anna = { role: 'staff', subject: 'anna' } as const;
const ben = { role: 'staff', subject: 'ben' } as const;
const document = parse('{ a }');

test('a caller has a limited number of subscriptions over all sockets and streams; other callers are not affected', () => {
  const callers = trackOpenPerCaller();
  const open = Array.from({ length: maximumSubscriptions }, () => callers.openSubscription(anna, document));
  expect(() => callers.openSubscription(anna, document)).toThrow(
    expect.objectContaining({
      extensions: { code: 'LIMIT_EXCEEDED', limit: maximumSubscriptions, name: 'subscriptions' },
    }) as Error,
  );
  callers.openSubscription(ben, document).end();
  open[0]!.end();
  open[0]!.end(); // ended once
  callers.openSubscription(anna, document);
  expect(() => callers.openSubscription(anna, document)).toThrow('at most');
});

test('an address has a limited number of sockets that have not authenticated; other addresses are not affected', () => {
  const limits: string[] = [];
  const callers = trackOpenPerCaller(limit => limits.push(limit));
  const open = Array.from({ length: maximumUnauthenticatedSockets }, () => callers.openStranger('203.0.113.7'));
  expect(callers.openStranger('203.0.113.7')).toBeUndefined();
  expect(limits).toEqual(['strangers']); // counted, so that an operator sees it
  expect(callers.openStranger('203.0.113.8')).toBeDefined();
  open[0]!();
  open[0]!(); // authenticated, and closed later: one socket
  expect(callers.openStranger('203.0.113.7')).toBeDefined();
  expect(callers.openStranger('203.0.113.7')).toBeUndefined();
});

test('a caller without a token is not counted: authorization rejects it', () => {
  const callers = trackOpenPerCaller();
  const open = Array.from({ length: maximumSubscriptions + 1 }, () => callers.openSubscription(undefined, document));
  expect(open).toHaveLength(maximumSubscriptions + 1);
});

test('the memory that a caller’s documents take is bounded, each text counted once', () => {
  const callers = trackOpenPerCaller();
  const large = (name: string) => parse(`{ ${`${name} `.repeat(maximumWeight / 2 - 200)}}`);
  const ends = [large('a'), large('a'), large('b')].map(each => callers.openSubscription(anna, each));
  const refusal = { extensions: { code: 'LIMIT_EXCEEDED', limit: maximumWeight, name: 'documents' } };
  expect(() => callers.openSubscription(anna, large('c'))).toThrow(expect.objectContaining(refusal) as Error);
  callers.openSubscription(ben, large('c'));
  ends[0]!.end();
  ends[0]!.end(); // ended once: another subscription still has it
  expect(() => callers.openSubscription(anna, large('c'))).toThrow('documents');
  ends[1]!.end();
  callers.openSubscription(anna, large('c'));
});

test('a text without tokens has a weight too', () => {
  const callers = trackOpenPerCaller();
  const blank = (name: string) => parse(`{ ${name} }${' '.repeat(1_000_000)}`);
  for (const name of ['a', 'b', 'c', 'd']) callers.openSubscription(anna, blank(name));
  expect(() => callers.openSubscription(anna, blank('e'))).toThrow('documents');
});

test('a subscription with a text that is already open gets the same document, so that both share frames', () => {
  const callers = trackOpenPerCaller();
  const [one, other] = [parse('{ a }'), parse('{ a }')];
  const first = callers.openSubscription(anna, one);
  const second = callers.openSubscription(ben, other);
  expect([first.document, second.document]).toEqual([one, one]);
  expect(second.document).toBe(one);
  first.end();
  second.end();
  expect(callers.openSubscription(anna, other).document).toBe(other);
});
