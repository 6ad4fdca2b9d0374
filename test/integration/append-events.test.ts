import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlState } from '../../src/database/database-error.ts';
import { type Database, openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import {
  appendColumns,
  type AppendOutcome,
  appendOutcomes,
  appendEvents,
  type AppendRequest,
  type StreamVersion,
} from '../../src/event-store/append-events.ts';
import { grown, newEvent, newStream, requestFor } from '../support/append-request.ts';
import { logFaults } from '../support/log-faults.ts';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { onDatabase } from '../support/on-database.ts';
import { sentIn } from '../support/statements.ts';
import { freshDatabase } from '../support/postgres.ts';
import { useDatabase } from '../support/use-database.ts';

const appendStatement = `SELECT append_events(${Array.from({ length: 20 }, (_, n) => `$${n + 1}`).join(', ')}) AS outcomes`;

/** Without Prisma, for sessions that a test controls. */
async function appendOn(client: pg.Client, requests: readonly AppendRequest[]): Promise<AppendOutcome[]> {
  const { rows } = await client.query<{ outcomes: string }>(appendStatement, appendColumns(requests));
  return appendOutcomes(rows[0]!.outcomes, requests.length);
}

/** The stream's current version in the log. */
async function lastOf(client: pg.Client, stream: StreamVersion): Promise<StreamVersion> {
  const { rows } = await client.query<{ version: number; hash: string }>(
    `SELECT version, encode(substr(hash, 1, 6), 'hex') AS hash FROM events
     WHERE stream_type = $1 AND stream_id = $2 ORDER BY version DESC LIMIT 1`,
    [stream.streamType, stream.streamId],
  );
  return { ...stream, ...rows[0] };
}

const scratch = await mkdtemp(join(tmpdir(), 'orderstream-append-'));
afterAll(() => rm(scratch, { recursive: true }));

describe.each([
  [
    'PostgreSQL',
    async () => {
      const real = await freshDatabase();
      return { open: await openDatabase({ databaseUrl: real.url, dataDir: '' }), drop: () => real.drop() };
    },
  ],
  [
    'the embedded database',
    async () => ({
      open: await openDatabase({ databaseUrl: undefined, dataDir: scratch }),
      drop: () => Promise.resolve(),
    }),
  ],
] as const)('append_events on %s', (_, openOne) => {
  let open: OpenDatabase;
  let drop: () => Promise<void>;
  let database: Database;
  beforeAll(async () => {
    ({ open, drop } = await openOne());
    ({ database } = open);
  });
  afterAll(async () => {
    await open.close();
    await drop();
  });

  async function append(request: AppendRequest): Promise<AppendOutcome> {
    const [outcome] = await appendEvents(database, [request]);
    return outcome!;
  }

  /** A stream with this many events. */
  async function streamOf(length: number): Promise<StreamVersion> {
    const stream = newStream();
    const events = Array.from({ length }, (__, n) => newEvent({ n }));
    return grown(stream, await append(requestFor(stream, { events })));
  }

  function storedIn(streamId: string) {
    return database.models.event.findMany({ where: { streamId }, orderBy: { version: 'asc' } });
  }

  /** Runs an attempt to damage the log, and repairs the log. */
  async function rolledBack(attempt: (inside: Prisma.TransactionClient) => Promise<void>): Promise<void> {
    const over = new Error('over');
    const done = database.models.$transaction(async inside => {
      await attempt(inside);
      throw over;
    });
    await expect(done).rejects.toBe(over);
  }

  /** The events that an attempt adds to the log. */
  async function added(attempt: () => Promise<unknown>): Promise<number> {
    const before = await database.models.event.count();
    await attempt();
    return (await database.models.event.count()) - before;
  }

  test('stores the request, byte by byte, and answers the position of its last event', async () => {
    const stream = newStream();
    const commandHash = '00ff'.repeat(16);
    const personal = { subject: 'cus_1', sealed: 'AAEC/w==' };
    const text = `"quotes" \\ back\t\u{1F600} ${'long '.repeat(2_000)}`;
    const request = requestFor(stream, {
      commandHash,
      occurredAt: '2026-11-21T04:05:06.789Z',
      events: [
        { type: 'First', schemaVersion: 3, data: { text, count: Number.MAX_SAFE_INTEGER, none: null }, personal },
        { type: 'Second', schemaVersion: 1, data: {}, personal: null },
      ],
    });
    const outcome = await append(request);

    const [first, second, ...others] = await storedIn(stream.streamId);
    expect(others).toEqual([]);
    expect(outcome).toEqual({
      outcome: 'appended',
      version: 2,
      position: Number(second!.position),
      hash: Buffer.from(second!.hash).subarray(0, 6).toString('hex'),
    });
    const common = { ...stream, commandId: request.commandId, metadata: request.metadata };
    expect(first).toMatchObject({ streamType: common.streamType, metadata: common.metadata, personal });
    expect(first).toMatchObject({
      version: 1,
      ordinal: 1,
      type: 'First',
      schemaVersion: 3,
      commandId: common.commandId,
    });
    expect(first!.data).toEqual(request.events[0]!.data);
    expect(first!.occurredAt).toEqual(new Date('2026-11-21T04:05:06.789Z'));
    expect(Buffer.from(first!.commandHash).toString('hex')).toBe(commandHash);
    expect(second).toMatchObject({ version: 2, ordinal: 2, type: 'Second', commandId: common.commandId });
    // Missing personal data is SQL's NULL, not JSON's: queries for personal data use NOT NULL.
    const [without] = await database.query<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM events WHERE stream_id = ${stream.streamId} AND personal IS NULL`);
    expect(without).toEqual({ count: 1 });
  });

  test('answers a repeated command id with the result of the first request, and stores nothing', async () => {
    const stream = newStream();
    const request = requestFor(stream, { events: [newEvent(), newEvent(), newEvent()] });
    const first = await append(request);
    await append(requestFor(grown(stream, first)));

    // Also if the stream has grown, and if the repeat contains other data.
    const repeats = [request, { ...request, version: 77, hash: 'ff', events: [newEvent()] }];
    expect(
      await added(async () => {
        for (const repeat of repeats) expect(await append(repeat)).toEqual({ ...first, outcome: 'replayed' });
      }),
    ).toBe(0);
  });

  test('answers a repeated command id with the first outcome within one call, too', async () => {
    const request = requestFor(newStream());
    const [one, other] = await appendEvents(database, [request, request]);
    expect(one).toMatchObject({ outcome: 'appended', version: 1 });
    expect(other).toEqual({ ...one, outcome: 'replayed' });
  });

  test('rejects a repeated command id with another hash, also for another stream', async () => {
    const request = requestFor(newStream());
    await append(request);
    expect(
      await added(async () => {
        for (const stream of [request, newStream()]) {
          const other = requestFor(stream, { commandId: request.commandId, commandHash: 'ab'.repeat(32) });
          expect(await append(other)).toEqual({ outcome: 'reused' });
        }
      }),
    ).toBe(0);
  });

  test('rejects a version or a hash other than that of the stream’s last event, and answers the current version', async () => {
    const stream = await streamOf(3);
    const [{ hash: firstHash } = { hash: new Uint8Array() }] = await storedIn(stream.streamId);
    const ofFirst = Buffer.from(firstHash).subarray(0, 6).toString('hex');
    const wrong: readonly Pick<StreamVersion, 'version' | 'hash'>[] = [
      { version: 2, hash: stream.hash },
      { version: 4, hash: stream.hash },
      { version: 0, hash: null },
      { version: 1, hash: ofFirst },
      { version: 3, hash: ofFirst },
      { version: 3, hash: null },
    ];
    expect(
      await added(async () => {
        for (const known of wrong) {
          expect(await append(requestFor({ ...stream, ...known }))).toEqual({ outcome: 'conflict', version: 3 });
        }
      }),
    ).toBe(0);
    expect(await append(requestFor({ ...newStream(), version: 1, hash: ofFirst }))).toEqual({
      outcome: 'conflict',
      version: 0,
    });
    expect(await append(requestFor(stream))).toMatchObject({ outcome: 'appended', version: 4 });
  });

  test('rejects a request if another stream that it was decided on has changed, and stores nothing', async () => {
    const product = await streamOf(1);
    const missing = newStream('product', 'prd');
    const order = await streamOf(2);
    const moved = grown(product, await append(requestFor(product)));
    const stale: readonly (readonly StreamVersion[])[] = [
      [product],
      [missing, product],
      [product, moved],
      [{ ...moved, hash: product.hash }],
      [{ ...missing, version: 1, hash: product.hash }],
      [{ ...moved, version: 0, hash: null }],
    ];
    expect(
      await added(async () => {
        for (const reads of stale) {
          expect(await append(requestFor(order, { reads }))).toEqual({ outcome: 'conflict', version: 2 });
        }
      }),
    ).toBe(0);
    expect(await append(requestFor(order, { reads: [moved, missing] }))).toMatchObject({ outcome: 'appended' });
  });

  test('handles each request of a call by itself', async () => {
    const [moved, read, used] = [await streamOf(2), await streamOf(1), requestFor(newStream())];
    const first = await append(used);
    const [good, alsoGood] = [requestFor(newStream()), requestFor(newStream(), { events: [newEvent(), newEvent()] })];
    const call = [
      requestFor({ ...moved, version: 1 }),
      good,
      requestFor(newStream(), { reads: [{ ...read, version: 0, hash: null }] }),
      used,
      requestFor(newStream(), { commandId: used.commandId }),
      alsoGood,
    ];
    const before = await database.models.event.count();
    expect(await appendEvents(database, call)).toEqual([
      { outcome: 'conflict', version: 2 },
      { outcome: 'appended', version: 1, position: before + 1, hash: expect.any(String) },
      { outcome: 'conflict', version: 0 },
      { ...first, outcome: 'replayed' },
      { outcome: 'reused' },
      { outcome: 'appended', version: 2, position: before + 3, hash: expect.any(String) },
    ]);
    expect(await database.models.event.count()).toBe(before + 3);
  });

  test('sees the events of an earlier request of the same call', async () => {
    const stream = newStream();
    const [, second, reader] = await appendEvents(database, [
      requestFor(stream),
      requestFor(stream),
      requestFor(newStream(), { reads: [stream] }),
    ]);
    expect(second).toEqual({ outcome: 'conflict', version: 1 });
    expect(reader).toEqual({ outcome: 'conflict', version: 0 });
  });

  test.each([
    ['text that jsonb cannot store', () => ({ events: [newEvent({ text: 'a\u0000b' })] }), '22P05'],
    ['half a character', () => ({ events: [newEvent({ text: '\ud83d' })] }), '22P02'],
    ['an invalid command id', () => ({ commandId: 'cmd_1' }), '22P02'],
    ['an invalid time', () => ({ occurredAt: 'someday' }), '22007'],
    ['an additional line', () => ({ streamId: `${newStream().streamId}\nord_other` }), '22023'],
    ['no data', () => ({ events: [{ type: 'Noted', schemaVersion: 1, personal: null } as never] }), '23502'],
  ])('stores nothing of a call if one of its requests has %s', async (__, fault, state) => {
    const bad = requestFor(newStream(), fault());
    const call = [requestFor(newStream()), bad, requestFor(newStream())];
    const before = await database.models.event.count();
    const error: unknown = await appendEvents(database, call).catch((reason: unknown) => reason);
    expect(sqlState(error)).toBe(state);
    expect(await database.models.event.count()).toBe(before);
    // And the next call works, with no position missing.
    expect(await append(call[0]!)).toMatchObject({ outcome: 'appended', position: before + 1 });
  });

  test.each(['RepeatableRead', 'Serializable'] as const)(
    'refuses to run under %s, where it could not see events committed before it got the lock',
    async isolationLevel => {
      const attempt = database.models.$transaction(
        async inside => await appendEvents(sentIn(inside), [requestFor(newStream())]),
        {
          isolationLevel,
        },
      );
      const error: unknown = await attempt.catch((reason: unknown) => reason);
      expect(sqlState(error)).toBe('25000');
    },
  );

  test('commits durably although the session, or the transaction around it, has synchronous_commit off', async () => {
    const setting = async (inside: Prisma.TransactionClient) =>
      await inside.$queryRaw`SELECT current_setting('synchronous_commit') AS setting`;
    await database.models.$transaction(async inside => {
      await inside.$executeRaw`SET LOCAL synchronous_commit = off`;
      expect(await setting(inside)).toEqual([{ setting: 'off' }]);
      await appendEvents(sentIn(inside), [requestFor(newStream())]);
      // After the function has returned, before the commit.
      expect(await setting(inside)).toEqual([{ setting: 'on' }]);
    });
  });

  test('an older release appends at the same time, to the same chain and with the same answers', async () => {
    const older = async (request: AppendRequest): Promise<AppendOutcome | undefined> => {
      const [row] = await database.query<{ outcomes: AppendOutcome[] }>(sql`
        SELECT append_events(${JSON.stringify([request])}::jsonb) AS outcomes`);
      return row?.outcomes[0];
    };
    const stream = newStream();
    const request = requestFor(stream);
    const first = (await older(request))!;
    expect(await append(request)).toEqual({ ...first, outcome: 'replayed' });
    const next = requestFor(grown(stream, first), { events: [newEvent(), newEvent()] });
    const second = await append(next);
    expect(await older(next)).toEqual({ ...second, outcome: 'replayed' });
    expect(await older(request)).toEqual({ ...first, outcome: 'replayed' });
    expect(await older(requestFor(grown(stream, second)))).toMatchObject({ outcome: 'appended', version: 4 });
    expect(await logFaults(database)).toEqual([]);
  });

  test('recorded_at never falls, although the clock was set back since the last event', async () => {
    const stream = await streamOf(1);
    await rolledBack(async inside => {
      // The row of an append whose clock was an hour ahead. Only the owner can write it.
      await inside.$executeRaw`
        UPDATE events SET recorded_at = recorded_at + interval '1 hour' WHERE stream_id = ${stream.streamId}`;
      await appendEvents(sentIn(inside), [requestFor(stream)]);
      const [before, after] = await inside.event.findMany({
        where: { streamId: stream.streamId },
        orderBy: { version: 'asc' },
      });
      expect(after!.recordedAt).toEqual(before!.recordedAt);
      expect(after!.recordedAt.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    });
  });

  test('takes recorded_at from the database’s clock, and occurred_at from the command', async () => {
    const stream = newStream();
    const [clock] = await database.query<{ now: Date }>(
      sql`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
    );
    await append(requestFor(stream, { occurredAt: '1999-12-31T23:59:59.000Z' }));
    const [event] = await storedIn(stream.streamId);
    expect(event!.recordedAt.getTime()).toBeGreaterThanOrEqual(clock!.now.getTime());
    expect(event!.recordedAt.getTime()).toBeLessThan(clock!.now.getTime() + 60_000);
    expect(event!.occurredAt).toEqual(new Date('1999-12-31T23:59:59.000Z'));
  });

  test('gives each event that requests one a public number, which the hash covers', async () => {
    const numbered = {
      type: 'OrderCreated',
      schemaVersion: 1,
      data: { currency: null },
      personal: null,
      number: 'number',
    };
    const requests = Array.from({ length: 50 }, () => requestFor(newStream(), { events: [numbered, newEvent()] }));
    await appendEvents(database, requests);
    const ids = requests.map(({ streamId }) => streamId);
    const stored = await database.query<{ data: { number: string; currency: null }; expected: string }>(sql`
      SELECT data, public_number(position) AS expected FROM events
      WHERE stream_id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))) AND type = 'OrderCreated'`);
    expect(stored.map(({ data }) => data)).toEqual(
      stored.map(({ expected }) => ({ currency: null, number: expected })),
    );
    expect(new Set(stored.map(({ data }) => data.number)).size).toBe(50);
  });

  test('leaves a log without faults after all of this', async () => {
    expect(await database.models.event.count()).toBeGreaterThan(100);
    expect(await logFaults(database)).toEqual([]);
  });

  test.each([
    ['stream_type', `'other'`],
    ['stream_id', `stream_id || 'x'`],
    ['version', 'version + 1000'],
    ['command_id', 'gen_random_uuid()'],
    ['ordinal', 'ordinal + 1000::smallint'],
    ['command_hash', String.raw`'\x00'::bytea`],
    ['type', `'Other'`],
    ['schema_version', '7::smallint'],
    ['data', `data || '{"added": 1}'`],
    ['personal', `'{"subject": "cus_1", "sealed": ""}'`],
    ['metadata', `metadata || '{"correlationId": "other"}'`],
    ['occurred_at', `occurred_at + interval '1 millisecond'`],
    ['recorded_at', `recorded_at - interval '1 millisecond'`],
    ['hash', String.raw`'\x0000000000000000000000000000000000000000000000000000000000000000'::bytea`],
  ])('chains the events so that a changed %s is detected', async (column, value) => {
    const { streamId } = await streamOf(3);
    const position = Number((await storedIn(streamId))[1]!.position);
    await rolledBack(async inside => {
      await inside.$executeRawUnsafe(`UPDATE events SET ${column} = ${value} WHERE position = ${position}`);
      expect(await logFaults(sentIn(inside))).toContainEqual({ position, fault: 'hash' });
    });
  });

  test('chains the events so that removing one is detected', async () => {
    const { streamId } = await streamOf(3);
    const position = Number((await storedIn(streamId))[1]!.position);
    await rolledBack(async inside => {
      await inside.$executeRaw`DELETE FROM events WHERE position = ${position}::bigint`;
      await inside.$executeRaw`UPDATE events SET position = position - 1 WHERE position > ${position}::bigint`;
      expect(await logFaults(sentIn(inside))).toContainEqual({ position, fault: 'hash' });
    });
  });
});

describe('append_events on 16 connections at once', () => {
  const real = useDatabase();
  let clients: pg.Client[];
  let reader: OpenDatabase;
  beforeAll(async () => {
    reader = await openDatabase({ databaseUrl: real.url, dataDir: '' });
    clients = Array.from({ length: 16 }, () => new pg.Client({ connectionString: real.url }));
    await Promise.all(clients.map(client => client.connect()));
  });
  afterAll(async () => {
    await Promise.all(clients.map(client => client.end()));
    await reader.close();
  });

  const streams = Array.from({ length: 6 }, () => newStream());

  /** One call: for each request the stream, the number of events, and the stream that it depends on (or none). */
  const call = fc.array(
    fc.record({
      to: fc.nat(5),
      events: fc.integer({ min: 1, max: 4 }),
      reads: fc.option(fc.nat(5)),
      stale: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  );
  type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

  interface CallResult {
    readonly request: AppendRequest;
    readonly outcome: AppendOutcome;
    readonly began: number;
    readonly ended: number;
  }

  async function carryOut(client: pg.Client, calls: readonly Call[]): Promise<CallResult[]> {
    const results: CallResult[] = [];
    for (const asked of calls) {
      const requests: AppendRequest[] = [];
      for (const { to, events, reads, stale } of asked) {
        const stream = await lastOf(client, streams[to]!);
        const read = reads === null || reads === to ? [] : [await lastOf(client, streams[reads]!)];
        const more = { reads: read, events: Array.from({ length: events }, () => newEvent()) };
        requests.push(requestFor(stale ? { ...stream, version: stream.version + 1 } : stream, more));
      }
      const began = performance.now();
      const outcomes = await appendOn(client, requests);
      const ended = performance.now();
      outcomes.forEach((outcome, index) => results.push({ request: requests[index]!, outcome, began, ended }));
    }
    return results;
  }

  /** Reads the log repeatedly until `done`, and resolves with the number of gaps that it met. */
  async function gapsMet(done: Promise<unknown>): Promise<number> {
    const over = new AbortController();
    const stop = () => {
      over.abort();
    };
    done.then(stop, stop);
    let gaps = 0;
    while (!over.signal.aborted) {
      const [log] = await reader.database.query<{ count: number; last: number }>(sql`
        SELECT count(*)::int AS count, coalesce(max(position), 0)::int AS last FROM events`);
      if (log!.count !== log!.last) gaps++;
    }
    return gaps;
  }

  test('keeps positions dense and in commit order, versions dense, the chain whole and time rising', async () => {
    const acknowledged: CallResult[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(call, { maxLength: 4 }), { minLength: 16, maxLength: 16 }), async plan => {
        const run = Promise.all(plan.map((calls, index) => carryOut(clients[index]!, calls)));
        expect(await gapsMet(run)).toBe(0);
        acknowledged.push(...(await run).flat());
        expect(await logFaults(reader.database)).toEqual([]);
      }),
      // Each run continues on the log of the run before: there is nothing to shrink.
      { numRuns: 12, endOnFailure: true },
    );

    // The log has what was acknowledged, at the answered version and position.
    const appended = acknowledged.flatMap(({ outcome, ...result }) => {
      return outcome.outcome === 'appended' ? [{ ...result, ...outcome }] : [];
    });
    const conflicts = acknowledged.filter(({ outcome }) => outcome.outcome === 'conflict');
    expect(appended.length).toBeGreaterThan(100);
    expect(conflicts.length).toBeGreaterThan(100);
    expect(appended.length + conflicts.length).toBe(acknowledged.length);
    const stored = await reader.database.query<unknown>(sql`
      SELECT command_id AS command, count(*)::int AS events, max(version)::int AS version, max(position)::int AS position
      FROM events GROUP BY command_id ORDER BY position`);
    const expected = appended.map(({ request, version, position }) => {
      return { command: request.commandId, events: request.events.length, version, position };
    });
    expect(stored).toEqual(expected.toSorted((one, other) => one.position - other.position));

    // A call that started after another was answered comes after it in the log.
    for (const later of appended) {
      const earlier = appended.filter(({ ended }) => ended < later.began);
      expect(Math.max(0, ...earlier.map(({ position }) => position))).toBeLessThan(later.position);
    }
  });

  test('stores the events of one of many requests that append to one version of a stream', async () => {
    const stream = newStream();
    const outcomes = (await Promise.all(clients.map(client => appendOn(client, [requestFor(stream)])))).flat();
    expect(outcomes.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(15);
  });

  test('stores a command once that many send at the same moment, and answers all alike', async () => {
    const request = requestFor(newStream(), { events: [newEvent(), newEvent()] });
    const answers = (await Promise.all(clients.map(client => appendOn(client, [request])))).flat();
    expect(answers.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
    expect(new Set(answers.map(answer => JSON.stringify({ ...answer, outcome: '' }))).size).toBe(1);
  });
});

describe('append_events under an operator’s settings', () => {
  test.each([
    ['off', 'on'],
    ['local', 'on'],
    ['on', 'on'],
    ['remote_write', 'remote_write'],
    ['remote_apply', 'remote_apply'],
  ])('a commit is durable: with synchronous_commit %s of the whole database it is %s', async (outside, inside) => {
    const real = await freshDatabase();
    const name = new URL(real.url).pathname.slice(1);
    await onDatabase(real.url, client => client.query(`ALTER DATABASE ${name} SET synchronous_commit = ${outside}`));
    const settings = await onDatabase(real.url, async client => {
      const setting = async () =>
        (await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit')).rows[0]?.synchronous_commit;
      const before = await setting();
      await client.query('BEGIN');
      await appendOn(client, [requestFor(newStream())]);
      const during = await setting();
      await client.query('COMMIT');
      return [before, during, await setting()];
    });
    expect(settings).toEqual([outside, inside, outside]);
    await real.drop();
  });

  test('reads as few pages of a log of 50,000 events as of one of ten, whatever the statistics say', async () => {
    const real = await freshDatabase();
    await onDatabase(real.url, async client => {
      // Statistics of a table with ten rows in one page: a plan made now would scan that page.
      await client.query('ALTER TABLE events SET (autovacuum_enabled = off)');
      const stream = newStream();
      const events = Array.from({ length: 10 }, () => newEvent());
      await appendOn(client, [requestFor(stream, { events })]);
      await client.query('VACUUM ANALYZE events');

      let last = await lastOf(client, stream);
      async function touched(): Promise<{ rows: number; scans: number; blocks: number }> {
        const missing = newStream('product', 'prd');
        const three = [newEvent(), newEvent(), newEvent()];
        const request = requestFor(last, { reads: [last, missing], events: three });
        await client.query('BEGIN');
        const before = await countsOf(client);
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${appendStatement}`,
          appendColumns([request]),
        );
        const after = await countsOf(client);
        await client.query('COMMIT');
        last = await lastOf(client, last);
        const [{ Plan: plan }] = rows[0]!['QUERY PLAN'];
        return {
          rows: after.rows - before.rows,
          scans: after.scans - before.scans,
          blocks: plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!,
        };
      }

      // In the session that caches its plans.
      for (let time = 0; time < 10; time++) await touched();
      const small = await touched();
      await client.query(
        `INSERT INTO events SELECT 1000 + n, sha256(n::text::bytea), 'order', 'ord_' || gen_random_uuid(), 1, gen_random_uuid(), 1,
           '\\x00', 'Noted', 1, jsonb_build_object('text', repeat('some text ', 20)), NULL, '{}', now(), now()
         FROM generate_series(1, 50000) n`,
      );
      const large = await touched();

      expect(small.rows).toBeGreaterThan(0);
      expect(large.rows).toBe(small.rows);
      expect(large.scans).toBe(small.scans);
      // Some more levels of three indexes, and a few page splits.
      expect(large.blocks).toBeLessThan(small.blocks * 2 + 50);
    });
    await real.drop();
  });

  /** The pages of the log that this transaction has read. */
  async function countsOf(client: pg.Client): Promise<{ rows: number; scans: number }> {
    const { rows } = await client.query<{ rows: number; scans: number }>(
      `SELECT (seq_tup_read + idx_tup_fetch)::int AS rows, seq_scan::int AS scans
       FROM pg_stat_xact_user_tables WHERE relname = 'events'`,
    );
    return rows[0]!;
  }
});
