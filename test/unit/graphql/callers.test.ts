import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { mostStrangers, mostSubscriptions, openCallers } from '../../../src/graphql/callers.ts';
import { mostWeight } from '../../../src/graphql/open-documents.ts';

const anna = { role: 'staff', subject: 'anna' } as const;
const ben = { role: 'staff', subject: 'ben' } as const;
const document = parse('{ a }');

test('a caller has so many subscriptions open and no more, over all sockets and streams; others are not concerned', () => {
  const callers = openCallers();
  const open = Array.from({ length: mostSubscriptions }, () => callers.openSubscription(anna, document));
  expect(() => callers.openSubscription(anna, document)).toThrow(
    expect.objectContaining({ extensions: { code: 'LIMIT_EXCEEDED', limit: mostSubscriptions } }) as Error,
  );
  callers.openSubscription(ben, document).end();
  open[0]!.end();
  open[0]!.end(); // ended once
  callers.openSubscription(anna, document);
  expect(() => callers.openSubscription(anna, document)).toThrow('at most');
});

test('an address has so many sockets open that have not said whose they are; others are not concerned', () => {
  const limits: string[] = [];
  const callers = openCallers(limit => limits.push(limit));
  const open = Array.from({ length: mostStrangers }, () => callers.openStranger('203.0.113.7'));
  expect(callers.openStranger('203.0.113.7')).toBeUndefined();
  expect(limits).toEqual(['strangers']); // counted, so that an operator sees it
  expect(callers.openStranger('203.0.113.8')).toBeDefined();
  open[0]!();
  open[0]!(); // introduced, and closed later: one socket
  expect(callers.openStranger('203.0.113.7')).toBeDefined();
  expect(callers.openStranger('203.0.113.7')).toBeUndefined();
});

test('who is nobody in particular is not counted: rules refuse them', () => {
  const callers = openCallers();
  const open = Array.from({ length: mostSubscriptions + 1 }, () => callers.openSubscription(undefined, document));
  expect(open).toHaveLength(mostSubscriptions + 1);
});

test('what a caller keeps in memory by documents is bounded, each text counted once', () => {
  const callers = openCallers();
  const large = (name: string) => parse(`{ ${`${name} `.repeat(mostWeight / 2 - 200)}}`);
  const ends = [large('a'), large('a'), large('b')].map(each => callers.openSubscription(anna, each));
  const refusal = { extensions: { code: 'LIMIT_EXCEEDED', limit: mostWeight } };
  expect(() => callers.openSubscription(anna, large('c'))).toThrow(expect.objectContaining(refusal) as Error);
  callers.openSubscription(ben, large('c'));
  ends[0]!.end();
  ends[0]!.end(); // ended once: another one still has it
  expect(() => callers.openSubscription(anna, large('c'))).toThrow('documents');
  ends[1]!.end();
  callers.openSubscription(anna, large('c'));
});

test('a text weighs also where it has no tokens', () => {
  const callers = openCallers();
  const blank = (name: string) => parse(`{ ${name} }${' '.repeat(1_000_000)}`);
  for (const name of ['a', 'b', 'c', 'd']) callers.openSubscription(anna, blank(name));
  expect(() => callers.openSubscription(anna, blank('e'))).toThrow('documents');
});

test('who sends a text that is open already gets the document that is open: they share what they are told', () => {
  const callers = openCallers();
  const [one, other] = [parse('{ a }'), parse('{ a }')];
  const first = callers.openSubscription(anna, one);
  const second = callers.openSubscription(ben, other);
  expect([first.document, second.document]).toEqual([one, one]);
  expect(second.document).toBe(one);
  first.end();
  second.end();
  expect(callers.openSubscription(anna, other).document).toBe(other);
});
