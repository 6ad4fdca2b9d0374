import { expect, test } from 'vitest';
import { openJudge } from '../../boards/judge.ts';
import type { Card, Observed } from '../../boards/observed.ts';

type Unstamped<Event> = Event extends unknown ? Omit<Event, 'atMs'> : never;

/** A judge that has taken these events, one a millisecond. */
function judged(...events: readonly Unstamped<Observed>[]) {
  const judge = openJudge();
  events.forEach((event, atMs) => judge.take({ ...event, atMs }));
  return judge;
}

const card = (version: number, status = 'DRAFT'): Card => ({ id: 'ord_1', version, status, column: status });
const shows = (...changed: readonly Card[]) => ({ kind: 'cards', changed, gone: [] }) as const;
const gone = { kind: 'cards', changed: [], gone: ['ord_1'] } as const;
const signedIn = (viewer: string | undefined) => ({ kind: 'viewer', viewer }) as const;
const frameOf = (subject: string, type = 'UPDATE') => ({ kind: 'frame', subject, type }) as const;

test('a version that falls is found, also if the card was away in between', () => {
  expect(judged(shows(card(2)), shows(card(3))).findings.falls).toEqual([]);
  expect(judged(shows(card(3)), shows(card(2))).findings.falls).toEqual([expect.stringMatching(/ord_1: 3 → 2/)]);
  expect(judged(shows(card(3)), gone, shows(card(2))).findings.falls).toHaveLength(1);
});

test('versions start again after RESYNC, a refused position and a login, and not before', () => {
  const stale = { kind: 'errors', codes: ['STALE_POSITION'], message: '' } as const;
  for (const start of [frameOf('staff', 'RESYNC'), stale, signedIn('staff')]) {
    const events = [signedIn('staff'), shows(card(5)), start, shows(card(2))];
    expect(judged(...events).findings.falls).toEqual([]);
    expect(judged(...events, shows(card(1))).findings.falls).toHaveLength(1);
  }
});

test('frames and answers of a viewer who is not signed in are found', () => {
  const answer = { kind: 'answer', subject: 'staff', operation: 'query' } as const;
  expect(judged(signedIn('staff'), frameOf('staff'), answer).findings.foreign).toEqual([]);
  expect(judged(signedIn('staff'), signedIn(undefined), frameOf('staff')).findings.foreign).toHaveLength(1);
  expect(judged(signedIn('staff'), signedIn('cus_1'), answer).findings.foreign).toHaveLength(1);
});

test('a status that steps back is found', () => {
  const { findings } = judged(shows(card(2, 'SUBMITTED')), shows(card(2, 'CONFIRMED')), shows(card(2, 'SUBMITTED')));
  expect(findings.steppedBack).toEqual([expect.stringMatching(/CONFIRMED → SUBMITTED/)]);
});

test('a query that is sent again is counted, and commands are not', () => {
  const request = (operation: string, key: string) => ({ kind: 'request', operation, key }) as const;
  const judge = judged(request('query', 'a'), request('query', 'b'), request('query', 'a'), request('mutation', 'c'));
  expect([...judge.repeated]).toEqual([['a', 2]]);
  expect(judge.queries).toBe(3);
});

test('the time of a version is that of its first appearance', () => {
  const judge = judged(shows(card(2)), shows(card(4)), shows(card(4, 'SUBMITTED')));
  expect([judge.shownAt('ord_1', 3), judge.shownAt('ord_1', 4), judge.shownAt('ord_1', 5)]).toEqual([1, 1, undefined]);
});
