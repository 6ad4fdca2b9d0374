import { expect, test } from 'vitest';
import { countUpdates, findingsOf, unbitten } from '../../checker/findings.ts';
import type { Connection, History, Logged, Observed, Received, Shown } from '../../checker/history.ts';

const order = 'ord_1';
const log: readonly Logged[] = [1, 2, 3].map(version => ({
  position: `${version}-a`,
  streamType: 'order',
  streamId: order,
  version,
  type: version === 1 ? 'OrderCreated' : 'ItemAdded',
  actor: { role: 'staff', subject: 'anna' },
}));
const shown = (version: number, status = 'DRAFT'): Shown => ({ id: order, version, status });
const staff = { role: 'staff', subject: 'anna' } as const;

function frame(version: number, more: Partial<Received> = {}): Received {
  return { at: version, kind: 'UPDATE', position: `${version}-a`, order: shown(version), ...more };
}
function event(version: number, more: Partial<NonNullable<Received['event']>> = {}): Received {
  const { type } = log[version - 1]!;
  return { at: version, kind: 'EVENT', position: `${version}-a`, event: { type, version, actor: 'anna', ...more } };
}
function error(code: string, at = 1): Received {
  return { at, kind: 'ERROR', position: '', code };
}
function connection(received: Received[], more: Partial<Connection> = {}): Connection {
  return { after: undefined, foreign: false, page: undefined, expiresAt: 1e6, endedAt: undefined, received, ...more };
}
function observed(kind: Observed['kind'], connections: Connection[], more: Partial<Observed> = {}): Observed {
  const id = kind === 'orderUpdated' || kind === 'orderEvents' ? order : '';
  return { name: 'one', kind, transport: 'SSE', viewer: staff, id, statusIn: undefined, connections, ...more };
}
function history(subscriber: Observed, more: Partial<History> = {}): History {
  const answers = new Map([['one', [shown(3)]]]);
  const quiets = [{ from: 10, until: 100, events: 3, answers }];
  return { log, subscribers: [subscriber], quiets, faults: [], probes: [], ...more };
}
function rules(subscriber: Observed, more: Partial<History> = {}): string[] {
  return [...new Set(findingsOf(history(subscriber, more)).map(({ rule }) => rule))];
}

test('a history that keeps every promise has no finding', () => {
  const row = connection([frame(1, { kind: 'SNAPSHOT' }), frame(3)]);
  expect(findingsOf(history(observed('orderUpdated', [row])))).toEqual([]);
  const list = connection([frame(1, { kind: 'PROGRESS', order: undefined }), frame(3, { orderId: order })], {
    after: '1-a',
    page: [shown(1)],
  });
  expect(findingsOf(history(observed('ordersUpdated', [list])))).toEqual([]);
  const feed = [connection([event(1), event(2)]), connection([event(3)], { after: '2-a' })];
  expect(findingsOf(history(observed('orderEvents', feed)))).toEqual([]);
  expect(findingsOf(history(observed('eventsAppended', feed)))).toEqual([]);
});

test('a position that falls, within a connection or below its `after`, is found', () => {
  expect(rules(observed('orderUpdated', [connection([frame(3), frame(2, { order: shown(3) })])]))).toContain(
    'positions rise',
  );
  expect(rules(observed('orderUpdated', [connection([frame(3)], { after: '3-a' })]))).toEqual(['positions rise']);
});

test('a frame that arrives twice within a connection is found', () => {
  expect(rules(observed('orderUpdated', [connection([frame(3), frame(3)])]))).toContain('no repeat');
});

test('a version that falls is found, also across connections', () => {
  const connections = [connection([frame(3)]), connection([frame(2)]), connection([frame(3)])];
  expect(rules(observed('orderUpdated', connections))).toEqual(['versions never fall']);
});

test('a frame that differs from the log at its position is found', () => {
  const early = connection([frame(2, { order: shown(1) }), frame(3)]);
  expect(rules(observed('orderUpdated', [early]))).toEqual(['a frame equals the log']);
  const never = connection([frame(3), frame(4)]);
  expect(rules(observed('orderUpdated', [never]))).toContain('a frame equals the log');
});

test('one version of an order that two viewers of one role see differently is found', () => {
  const mine = observed('orderUpdated', [connection([frame(2, { order: shown(2, 'SUBMITTED') }), frame(3)])]);
  const theirs = observed('orderUpdated', [connection([frame(2), frame(3)])]);
  expect(rules(mine, { subscribers: [mine, theirs] })).toEqual(['one version looks the same']);
  const customer = { ...theirs, viewer: { role: 'customer', subject: 'cus_1' } } as const;
  expect(rules(mine, { subscribers: [mine, customer] })).toEqual([]);
});

test('an event that is missing, altered, or sent with a name that its viewer may not see, is found', () => {
  expect(rules(observed('orderEvents', [connection([event(1), event(3)])]))).toContain('a feed equals the log');
  expect(rules(observed('orderEvents', [connection([event(1), event(2, { type: 'Other' }), event(3)])]))).toEqual([
    'a feed equals the log',
  ]);
  const customer = { viewer: { role: 'customer', subject: 'cus_1' } } as const;
  const named = connection([event(1), event(2), event(3)]);
  expect(rules(observed('orderEvents', [named], customer))).toEqual(['a feed equals the log']);
  const masked = connection([1, 2, 3].map(version => event(version, { actor: 'staff' })));
  expect(rules(observed('orderEvents', [masked], customer))).toEqual([]);
});

test('a subscriber without the final state after a quiet time is found', () => {
  const rule = ['all get the final state'];
  expect(rules(observed('orderUpdated', [connection([frame(2)])]))).toEqual(rule);
  expect(rules(observed('orderUpdated', [connection([frame(3, { at: 101 })])]))).toEqual(rule);
  expect(rules(observed('orderEvents', [connection([event(1), event(2)])]))).toEqual(rule);
  const other = connection([frame(3, { order: shown(3, 'SUBMITTED') })]);
  expect(rules(observed('orderUpdated', [other]))).toEqual(rule);
  expect(
    rules(observed('orderUpdated', []), { quiets: [{ from: 1, until: 2, events: 3, answers: new Map() }] }),
  ).toEqual(rule);
});

test('a list that lost a row, kept a row too long, or got no answer to its repeated query, is found', () => {
  const rule = ['all get the final state'];
  const progress = frame(3, { kind: 'PROGRESS', order: undefined });
  const other = { ...shown(1), id: 'ord_2' };
  expect(rules(observed('ordersUpdated', [connection([progress], { page: [] })]))).toEqual(rule);
  expect(rules(observed('ordersUpdated', [connection([progress], { page: [shown(3), other] })]))).toEqual(rule);
  const left = frame(3, { orderId: order, matches: false });
  expect(rules(observed('ordersUpdated', [connection([left], { page: [shown(1)] })]))).toEqual(rule);
  const resync = frame(3, { kind: 'RESYNC', order: undefined });
  const lost = connection([resync], { page: [shown(3)], after: '3-b', foreign: true });
  expect(rules(observed('ordersUpdated', [lost]))).toEqual(rule);
});

test('a foreign position that is resumed from, and one of this log that is rejected, are found', () => {
  const foreign = { after: '2-b', foreign: true };
  expect(rules(observed('orderUpdated', [connection([frame(3)], foreign)]))).toEqual(['another log is reported']);
  expect(rules(observed('orderUpdated', [connection([frame(3, { kind: 'RESYNC' })], foreign)]))).toEqual([]);
  const ours = connection([frame(3, { kind: 'RESYNC' })], { after: '2-a' });
  expect(rules(observed('orderUpdated', [ours]))).toEqual(['another log is reported']);
  const feed = [connection([event(1), event(2)]), connection([error('STALE_POSITION')], foreign)];
  const rest = connection([event(3)], { after: '2-a' });
  expect(rules(observed('orderEvents', [...feed, rest]))).toEqual([]);
});

test('a connection that outlives its token, with frames or without, is found', () => {
  const rule = ['a token expires'];
  const long = { quiets: [{ from: 10, until: 9_000, events: 3, answers: new Map([['one', [shown(3)]]]) }] };
  const late = connection([frame(3, { at: 7_000 })], { expiresAt: 1_000, endedAt: 7_000 });
  expect(rules(observed('orderUpdated', [late]), long)).toEqual(rule);
  expect(rules(observed('orderUpdated', [connection([frame(3)], { expiresAt: 1_000 })]), long)).toEqual(rule);
  expect(rules(observed('orderUpdated', [connection([frame(3)], { expiresAt: 1_000, endedAt: 1_010 })]), long)).toEqual(
    [],
  );
});

test('connections that outlive their tokens until they are cut are found if half of them do; a single late one is not', () => {
  const cutAfter = (...lived: number[]) =>
    observed(
      'orderUpdated',
      lived.map((ms, index) =>
        connection(index === 0 ? [frame(3)] : [], {
          after: index === 0 ? undefined : '3-a',
          expiresAt: 100,
          endedAt: 100 + ms,
        }),
      ),
    );
  expect(rules(cutAfter(300, 900, 20))).toEqual(['a token expires']);
  expect(rules(cutAfter(20, 900, 30))).toEqual([]);
});

test('an error that the client did not cause is found, except one that only asks it to reconnect', () => {
  expect(rules(observed('orderUpdated', [connection([frame(3), error('INTERNAL')])]))).toEqual(['no client error']);
  expect(rules(observed('orderUpdated', [connection([frame(3), error('UNAUTHENTICATED')])]))).toEqual([
    'no client error',
  ]);
  expect(rules(observed('orderUpdated', [connection([frame(3), error('UNAVAILABLE')])]))).toEqual([]);
  const expired = connection([frame(3), error('UNAUTHENTICATED', 50)], { expiresAt: 40, endedAt: 50 });
  expect(rules(observed('orderUpdated', [expired]))).toEqual([]);
});

test('hints that wake no hub are found by one of three probes, for rows and events', () => {
  const whole = observed('orderUpdated', [connection([frame(3)])]);
  const slow = { row: 1_000, event: 10 };
  const quick = { row: 5, event: 5 };
  expect(rules(whole, { probes: [slow, slow, quick, quick] })).toEqual(['hints wake hubs']);
  expect(rules(whole, { probes: [slow, quick, quick, quick] })).toEqual([]);
});

test('a fault without effect is reported, and only frames with something new are counted', () => {
  const whole = history(observed('orderUpdated', [connection([frame(3), frame(3, { kind: 'PROGRESS' }), error('X')])]));
  const faults = [
    { what: 'cut sockets', bit: 0 },
    { what: 'kill Redis', bit: 2 },
  ];
  expect(unbitten({ ...whole, faults })).toEqual(['cut sockets']);
  expect(countUpdates(whole)).toBe(1);
});
