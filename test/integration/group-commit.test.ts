import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sqlState } from '../../src/database/database-error.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import type * as Appending from '../../src/event-store/append-events.ts';
import { appendEvents, type AppendRequest } from '../../src/event-store/append-events.ts';
import { type Append, openAppender, UnavailableError } from '../../src/event-store/appender.ts';
import { grown, newEvent, newStream, requestFor } from '../support/append-request.ts';
import { eventually } from '../support/eventually.ts';
import { logFaults } from '../support/log-faults.ts';
import { onDatabase } from '../support/on-database.ts';
import { useDatabase } from '../support/use-database.ts';

// Records what a call contains when it is passed to the function that sends it.
vi.mock('../../src/event-store/append-events.ts', { spy: true });
const { appendEvents: carriedOut } = await vi.importActual<typeof Appending>('../../src/event-store/append-events.ts');
vi.mocked(appendEvents).mockImplementation(async (database, requests) => {
  calls.push([...requests]);
  mostInFlight = Math.max(mostInFlight, ++inFlight);
  try {
    return await carriedOut(database, requests);
  } finally {
    inFlight--;
  }
});

const real = useDatabase();
let open: OpenDatabase;
/** The requests of each call that was sent, and the number of calls in flight at the same time. */
let calls: AppendRequest[][];
let inFlight: number;
let mostInFlight: number;
let hints: number;
let append: Append;

beforeAll(async () => {
  open = await openDatabase({ databaseUrl: real.url, dataDir: '' });
});
afterAll(async () => {
  await open.close();
});

beforeEach(() => {
  calls = [];
  inFlight = mostInFlight = hints = 0;
  append = openAppender(open.database, () => hints++);
});

const soon = () => performance.now() + 10_000;

/** The number of stored events of these commands. */
async function storedOf(requests: readonly AppendRequest[]): Promise<number> {
  return open.database.models.event.count({ where: { commandId: { in: requests.map(({ commandId }) => commandId) } } });
}

describe('commands that wait at the same time', () => {
  test('share calls: 200 are in a handful of calls', async () => {
    const requests = Array.from({ length: 200 }, () => requestFor(newStream()));
    const outcomes = await Promise.all(requests.map(request => append(request, soon())));
    expect(outcomes.every(({ outcome }) => outcome === 'appended')).toBe(true);
    expect(await storedOf(requests)).toBe(200);
    expect(calls.length).toBeLessThan(10);
    expect(calls.flat()).toHaveLength(200);
  });

  test('are at most 200 in a call and two calls at a time, each once, each with its own outcome', async () => {
    const requests = Array.from({ length: 700 }, (_, n) => requestFor(newStream(), { events: [newEvent({ n })] }));
    const outcomes = await Promise.all(requests.map(request => append(request, soon())));
    expect(Math.max(...calls.map(call => call.length))).toBe(200);
    expect(mostInFlight).toBe(2);
    expect(calls.flat()).toHaveLength(700);

    const stored = await open.database.models.event.findMany({
      where: { streamId: { in: requests.map(r => r.streamId) } },
    });
    const results = outcomes.map((outcome, n) => [(outcome as { position: number }).position, { n }]);
    expect(new Map(results as [number, object][])).toEqual(
      new Map(stored.map(({ position, data }) => [Number(position), data as object])),
    );
  });

  test('share the two calls, so that one is prepared while the other commits, whatever the load before', async () => {
    await append(requestFor(newStream()), soon());
    calls = [];
    await Promise.all(Array.from({ length: 128 }, () => append(requestFor(newStream()), soon())));
    expect(calls.map(call => call.length)).toEqual([64, 64]);
  });

  test('that are sent again after their response are never all in one call: half are decided while half are stored', async () => {
    const rounds = 10;
    const caller = async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) await append(requestFor(newStream()), soon());
    };
    await Promise.all(Array.from({ length: 64 }, caller));
    expect(calls.slice(0, 2).map(call => call.length)).toEqual([32, 32]);
    expect(Math.max(...calls.map(call => call.length))).toBe(32);
    expect(mostInFlight).toBe(2);
    // They are not sent one by one either: each call costs as much as twenty requests.
    expect(calls.length).toBeLessThan((64 * rounds) / 8);
  });

  test('do not share a call with a command that changes their reads: the database handles a call at once', async () => {
    const product = newStream('product', 'prd');
    const resting = () => requestFor(newStream(), { reads: [product] });
    const requests = [resting(), requestFor(product), resting()];
    const outcomes = await Promise.all(requests.map(request => append(request, soon())));
    expect(outcomes.map(({ outcome }) => outcome)).toContain('appended');
    for (const call of calls) {
      const written = call.map(({ streamId }) => streamId);
      expect(call.flatMap(({ reads }) => reads).filter(({ streamId }) => written.includes(streamId))).toEqual([]);
    }
    expect(calls[0]).toHaveLength(2);
  });

  test('have at most 2,000 events in a call, so that none takes long, unless a single request has more', async () => {
    const sizes = [1, 1, 900, 900, 900, 2_500, 100, 1_000, 1_001];
    const requests = sizes.map(size => {
      return requestFor(newStream(), { events: Array.from({ length: size }, () => newEvent()) });
    });
    const outcomes = await Promise.all(requests.map(request => append(request, soon())));
    expect(outcomes.map(outcome => (outcome as { version: number }).version)).toEqual(sizes);
    const carried = calls.map(call => call.map(({ events }) => events.length));
    expect(carried.flat()).toHaveLength(sizes.length);
    expect(carried.filter(call => call.length > 1)).not.toEqual([]);
    for (const call of carried) {
      expect(call.length === 1 || call.reduce((sum, size) => sum + size) <= 2_000).toBe(true);
    }
  });

  test('notify once a call if something was stored, and not otherwise', async () => {
    const request = requestFor(newStream());
    await append(request, soon());
    expect(hints).toBe(1);
    await append(request, soon());
    await append(requestFor({ ...newStream(), version: 3 }), soon());
    expect(hints).toBe(1);
  });

  test('of an idle node are sent at once', async () => {
    await append(requestFor(newStream()), soon());
    expect(calls).toHaveLength(1);
    await append(requestFor(newStream()), soon());
    expect(calls).toHaveLength(2);
  });
});

describe('a call', () => {
  test('has at most one request for a stream and one for a command id, in any order of arrival', async () => {
    const streams = Array.from({ length: 3 }, () => newStream());
    const commands = Array.from({ length: 3 }, () => randomUUID());
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ stream: fc.nat(2), command: fc.option(fc.nat(2)) }), { minLength: 2, maxLength: 30 }),
        async (scheduler, asked) => {
          calls = [];
          const sent = asked.map(async ({ stream, command }) => {
            await scheduler.schedule(Promise.resolve());
            const commandId = command === null ? randomUUID() : commands[command]!;
            await append(requestFor(streams[stream]!, { commandId }), soon());
          });
          await scheduler.waitIdle();
          await Promise.all(sent);
          expect(calls.flat()).toHaveLength(asked.length);
          for (const call of calls) {
            expect(new Set(call.map(({ streamId }) => streamId)).size).toBe(call.length);
            expect(new Set(call.map(({ commandId }) => commandId)).size).toBe(call.length);
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test('that repeats a command in flight gets the same outcome', async () => {
    const request = requestFor(newStream());
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => append(request, soon())));
    const [first, ...others] = outcomes.toSorted((one, other) => (one.outcome < other.outcome ? -1 : 1));
    expect(first).toMatchObject({ outcome: 'appended' });
    for (const other of others) expect(other).toEqual({ ...first, outcome: 'replayed' });
    expect(await storedOf([request])).toBe(1);
  });
});

describe('a request that the database rejects', () => {
  test.each([
    ['half a character', { text: '\ud83d' }, '22P02'],
    ['a NUL', { text: 'a\u0000b' }, '22P05'],
  ])('for %s fails alone, and the others of its call are stored once', async (_, data, state) => {
    const bad = requestFor(newStream(), { events: [newEvent(data)] });
    const good = Array.from({ length: 9 }, () => requestFor(newStream()));
    const together = [...good.slice(0, 4), bad, ...good.slice(4)];
    const answers = await Promise.allSettled(together.map(request => append(request, soon())));

    expect(calls.find(call => call.length > 1)).toHaveLength(10);
    const failed = answers[4]!;
    expect(failed.status === 'rejected' && sqlState(failed.reason)).toBe(state);
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await storedOf(good)).toBe(9);
    expect(await storedOf([bad])).toBe(0);
  });

  test('does not prevent later requests for its stream', async () => {
    const stream = newStream();
    const bad = append(requestFor(stream, { events: [newEvent({ text: '\u0000' })] }), soon());
    const good = append(requestFor(stream), soon());
    await expect(bad).rejects.toThrow();
    expect(await good).toMatchObject({ outcome: 'appended', version: 1 });
  });
});

describe('while another process holds the log’s lock', () => {
  test('calls are sent again unchanged when they are overdue, and everything that was sent twice is stored once', async () => {
    const holder = new pg.Client({ connectionString: real.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(1330795588, 1)');
    const requests = [requestFor(newStream()), requestFor(newStream())];
    // Each in its own call, so that both ways are tested.
    const appended: Promise<unknown>[] = [];
    for (const request of requests) {
      appended.push(append(request, soon()));
      await eventually(() => expect(calls).toHaveLength(appended.length));
    }
    const late = requestFor(newStream());
    const refused = append(late, performance.now() + 1_000).catch((error: unknown) => error);

    await eventually(() => {
      expect(calls.flat().length).toBeGreaterThan(3);
    });
    await holder.query('SELECT pg_advisory_unlock(1330795588, 1)');
    await holder.end();
    await Promise.all(appended);
    for (const sent of calls.flat()) expect(requests).toContainEqual(sent);
    expect(await storedOf(requests)).toBe(2);
    // Requests that waited behind them past their deadline were never sent.
    expect(await refused).toBeInstanceOf(UnavailableError);
    expect(await storedOf([late])).toBe(0);
  });
});

test('a request is retried while the server is read-only, and stored as soon as it accepts writes', async () => {
  const setReadOnly = (how: 'on' | 'off') =>
    onDatabase(real.url, async client => {
      const name = new URL(real.url).pathname.slice(1);
      await client.query('SET default_transaction_read_only = off');
      await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${how}`);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`,
        [name],
      );
    });
  await setReadOnly('on');
  const appended = append(requestFor(newStream()), soon());
  await eventually(() => {
    expect(calls.length).toBeGreaterThan(2);
  });
  await setReadOnly('off');
  expect(await appended).toMatchObject({ outcome: 'appended' });
});

test('commands on one stream follow each other as fast as they are answered', async () => {
  let stream = newStream();
  for (let n = 0; n < 50; n++) stream = grown(stream, await append(requestFor(stream), soon()));
  expect(stream.version).toBe(50);
  expect(await logFaults(open.database)).toEqual([]);
});
