// One aggregate in three releases, on one database: tests the rules of docs/events.md for changed events.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accept, type Decider, reject } from '../../src/commands/decider.ts';
import { openHandleCommand } from '../../src/commands/handle-command.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { openEventStore } from '../../src/event-store/event-store.ts';
import { eventTypes, UnknownEventError } from '../../src/event-store/event-types.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { saveSnapshots } from '../../src/event-store/snapshots.ts';
import { verifyLog } from '../../src/event-store/verify-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { startProjector } from '../../src/projections/projector.ts';
import type { View } from '../../src/projections/view.ts';
import { eventually } from '../support/eventually.ts';
import { logLines } from '../support/log-lines.ts';
import { onDatabase } from '../support/on-database.ts';
import { viewRows } from '../support/plain-fold.ts';
import { useDatabase } from '../support/use-database.ts';

type Command =
  | { readonly type: 'Post'; readonly grams: number; readonly insured: boolean }
  | { readonly type: 'Move'; readonly place: string }
  | { readonly type: 'Return' };
interface Parcel {
  readonly grams: number;
  readonly insured: boolean;
}
type Moved = { readonly type: 'ParcelMoved'; readonly data: { readonly place: string } };
type Refusal = 'NOT_INSURED' | 'TOO_HEAVY';

const parcel = {
  streamType: 'parcel',
  idPrefix: 'par',
  initialState: { grams: 0, insured: false } as Parcel,
  rights: { Post: 'staff', Move: 'staff', Return: 'staff' } as const,
  reasons: {},
  creates: ({ type }: Pick<Command, 'type'>) => type === 'Post',
  isVisibleTo: () => true,
  subject: () => undefined,
  erasure: 'none' as const,
};

// ── release 1 ──

type Posted1 = { readonly type: 'ParcelPosted'; readonly data: { readonly weight: number } };

const release1: Decider<Parcel, Command, Posted1 | Moved, Refusal> = {
  ...parcel,
  evolve: (state, event) => (event.type === 'ParcelPosted' ? { grams: event.data.weight, insured: false } : state),
  decide(command) {
    if (command.type === 'Return') throw new Error('this release takes nothing back');
    return command.type === 'Post'
      ? accept({ type: 'ParcelPosted', data: { weight: command.grams } })
      : accept({ type: 'ParcelMoved', data: { place: command.place } });
  },
  snapshotShape: 1,
  schemaVersions: { ParcelPosted: 1, ParcelMoved: 1 },
  upcast: ({ type }) => {
    throw new Error(`${type} has one schema version`);
  },
};

// ── release 2: a new field; older events get a default ──

type Posted2 = {
  readonly type: 'ParcelPosted';
  readonly data: { readonly weight: number; readonly insured: boolean };
};

const release2: Decider<Parcel, Command, Posted2 | Moved, Refusal> = {
  ...parcel,
  evolve: (state, { type, data }) => (type === 'ParcelPosted' ? { grams: data.weight, insured: data.insured } : state),
  decide(command) {
    if (command.type === 'Return') throw new Error('this release takes nothing back');
    return command.type === 'Post'
      ? accept({ type: 'ParcelPosted', data: { weight: command.grams, insured: command.insured } })
      : accept({ type: 'ParcelMoved', data: { place: command.place } });
  },
  snapshotShape: 2,
  schemaVersions: { ParcelPosted: 2, ParcelMoved: 1 },
  upcast: ({ type, data }) => ({ type, data: { ...(data as Posted1['data']), insured: false } }),
};

// ── release 3: a renamed field and a new event; only upcast knows the older names ──

type Posted3 = { readonly type: 'ParcelPosted'; readonly data: Parcel };
type Returned = { readonly type: 'ParcelReturned'; readonly data: object };

const release3: Decider<Parcel, Command, Posted3 | Moved | Returned, Refusal> = {
  ...parcel,
  evolve: (state, event) => (event.type === 'ParcelPosted' ? event.data : state),
  decide(command, { grams, insured }) {
    switch (command.type) {
      case 'Post':
        return accept({ type: 'ParcelPosted', data: { grams: command.grams, insured: command.insured } });
      case 'Move':
        return accept({ type: 'ParcelMoved', data: { place: command.place } });
      case 'Return':
        if (!insured) return reject('NOT_INSURED');
        return grams > 2_000 ? reject('TOO_HEAVY') : accept({ type: 'ParcelReturned', data: {} });
    }
  },
  snapshotShape: 3,
  schemaVersions: { ParcelPosted: 3, ParcelMoved: 1, ParcelReturned: 1 },
  upcast(event, schemaVersion) {
    if (schemaVersion === 1) return release2.upcast(event, schemaVersion);
    const { weight, ...others } = event.data as Posted2['data'];
    return { type: event.type, data: { ...others, grams: weight } };
  },
};

// ── a view, with the names of release 2 and of release 3 ──

interface ParcelRow extends Parcel {
  readonly parcelId: string;
  readonly place: string;
  readonly version: number;
}

function parcelView(posted: (data: object) => Parcel): View<ParcelRow> {
  return {
    name: 'parcel_view',
    streamType: 'parcel',
    key: 'parcelId',
    columns: { parcelId: 'text', grams: 'integer', insured: 'boolean', place: 'text', version: 'integer' },
    fold(row, { streamId: parcelId, version, type, data }: RecordedEvent) {
      const before = row ?? { ...parcel.initialState, parcelId, place: '', version };
      if (type === 'ParcelPosted') return { ...before, ...posted(data), version };
      return { ...before, ...(type === 'ParcelMoved' ? (data as Moved['data']) : { place: 'sender' }), version };
    },
  };
}

const view2 = parcelView(data => {
  const { weight, insured } = data as Posted2['data'];
  return { grams: weight, insured };
});
const view3 = parcelView(data => data as Posted3['data']);

// ── processes of a release ──

const real = useDatabase();
let open: OpenDatabase;
beforeAll(async () => {
  await onDatabase(real.url, client =>
    client.query(`CREATE TABLE parcel_view (generation int, parcel_id text, grams int, insured boolean, place text,
      version int, PRIMARY KEY (generation, parcel_id))`),
  );
  open = await openDatabase({ databaseUrl: real.url, dataDir: '' });
});
afterAll(async () => {
  await open.close();
});

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const projector of running.splice(0)) await projector.stop();
});

type Release = typeof release1 | typeof release2 | typeof release3;

function storeOf(release: Release) {
  return openEventStore(open.database, eventTypes([release]), () => undefined);
}

/** A writing process: it answers the version reached, or the rejection. */
function writer(release: Release) {
  const handle = openHandleCommand(storeOf(release));
  return async (streamId: string, command: Command): Promise<number | Refusal> => {
    const actor = { role: 'staff', subject: 'anna' } as const;
    const [commandId, correlationId] = [randomUUID(), randomUUID()];
    const call = { streamId, command, actor, commandId, correlationId, commandHash: 'aa', now: new Date() };
    const answer = await handle(release as typeof release3, call);
    if (answer.type === 'accepted') return answer.version;
    if (answer.type === 'rejected') return answer.rejection;
    throw new Error(answer.type);
  };
}

/** A projecting process, and its log. */
function project(release: Release, view: View<ParcelRow>) {
  const { logger, lines } = logLines();
  const projector = startProjector({
    database: open.database,
    store: storeOf(release),
    views: { folded: [view], derived: [], summed: [] },
    logger,
    onProjected: () => undefined,
  });
  running.push(projector);
  return { lines, stop: () => projector.stop() };
}

async function rowOf(parcelId: string): Promise<object | undefined> {
  return (await viewRows(open.database, 'parcel_view', 'parcelId')).get(parcelId);
}

async function projected(): Promise<void> {
  const head = await readHead(open.database);
  await eventually(async () => expect((await readCheckpoint(open.database)).position).toEqual(head));
}

const post = (grams: number, insured = false): Command => ({ type: 'Post', grams, insured });
const newParcel = () => `par_${randomUUID()}`;

describe('events that older releases stored', () => {
  const [light, insured, heavy, newest] = [newParcel(), newParcel(), newParcel(), newParcel()];
  beforeAll(async () => {
    await writer(release1)(light, post(1_500));
    await writer(release1)(light, { type: 'Move', place: 'Graz' });
    await writer(release2)(insured, post(900, true));
    await writer(release2)(heavy, post(2_001, true));
    await writer(release3)(newest, post(2_000, true));
  });

  test('are decided on as if they were stored today, with the upcasts of every version in between', async () => {
    const ask = writer(release3);
    expect(await ask(light, { type: 'Return' })).toBe('NOT_INSURED');
    expect(await ask(heavy, { type: 'Return' })).toBe('TOO_HEAVY');
    expect(await ask(insured, { type: 'Return' })).toBe(2);
    expect(await ask(newest, { type: 'Return' })).toBe(2);
  });

  test('are projected by a view that knows only the newest names', async () => {
    const { lines } = project(release3, view3);
    await projected();
    expect(await rowOf(light)).toEqual({ parcelId: light, grams: 1_500, insured: false, place: 'Graz', version: 2 });
    expect(await rowOf(heavy)).toEqual({ parcelId: heavy, grams: 2_001, insured: true, place: '', version: 1 });
    expect(await rowOf(newest)).toMatchObject({ grams: 2_000, insured: true, place: 'sender' });
    expect(lines).toEqual([]);
  });

  test('report the version that they were upcast to', async () => {
    const { events } = await storeOf(release3).readStream({ streamType: 'parcel', streamId: light });
    expect(events.map(({ schemaVersion, data }) => ({ schemaVersion, data }))).toEqual([
      { schemaVersion: 3, data: { grams: 1_500, insured: false } },
      { schemaVersion: 1, data: { place: 'Graz' } },
    ]);
  });

  test('stay in the log as they were stored', async () => {
    const events = await open.database.models.event.findMany({
      where: { type: 'ParcelPosted', streamId: { in: [light, insured, newest] } },
      select: { schemaVersion: true, data: true },
      orderBy: { position: 'asc' },
    });
    expect(events).toEqual([
      { schemaVersion: 1, data: { weight: 1_500 } },
      { schemaVersion: 2, data: { weight: 900, insured: true } },
      { schemaVersion: 3, data: { grams: 2_000, insured: true } },
    ]);
    expect(await verifyLog(open.database, 0, (await readHead(open.database)).point)).toEqual([]);
  });
});

describe('a release that is older than an event', () => {
  const newer: [what: string, says: RegExp, store: (parcelId: string) => Promise<unknown>][] = [
    ['schema version', /ParcelPosted with schema version 3/, parcelId => writer(release3)(parcelId, post(5, true))],
    [
      'type',
      /ParcelReturned with schema version 1/,
      async parcelId => {
        await writer(release2)(parcelId, post(5, true));
        await writer(release3)(parcelId, { type: 'Return' });
      },
    ],
  ];

  test.each(newer)(
    'projects up to the %s that it does not support, names it, and skips nothing',
    async (_, says, store) => {
      const catchUp = project(release3, view3);
      await projected();
      await catchUp.stop();
      const [before, unknown, behind] = [newParcel(), newParcel(), newParcel()];
      await writer(release2)(before, post(1));
      await store(unknown);
      const { point } = await readHead(open.database);
      await writer(release2)(behind, post(3));

      const old = project(release2, view2);
      await eventually(() => expect(old.lines.length).toBeGreaterThan(1));
      await old.stop();
      const message = expect.stringMatching(says) as string;
      for (const line of old.lines)
        expect(line).toMatchObject({ level: 50, err: { type: 'UnknownEventError', message } });
      expect((await readCheckpoint(open.database)).position.point).toBe(point - 1);
      expect(await rowOf(before)).toMatchObject({ grams: 1 });
      expect(await rowOf(behind)).toBeUndefined();

      // A release that supports it continues from there.
      project(release3, view3);
      await projected();
      expect(await rowOf(unknown)).toMatchObject({ grams: 5 });
      expect(await rowOf(behind)).toMatchObject({ grams: 3 });
    },
  );

  test.each(newer)('decides nothing on the %s that it does not support, and names it', async (_, says, store) => {
    const parcelId = newParcel();
    await store(parcelId);
    const versions = await open.database.models.event.count({ where: { streamId: parcelId } });
    const asked = writer(release2)(parcelId, { type: 'Move', place: 'Linz' });
    await expect(asked).rejects.toThrow(UnknownEventError);
    await expect(asked).rejects.toThrow(says);
    expect(await open.database.models.event.count({ where: { streamId: parcelId } })).toBe(versions);
  });

  test('stores nothing after it either, although its cache is older', async () => {
    const parcelId = newParcel();
    const ask = writer(release2);
    await ask(parcelId, post(5, true));
    expect(await ask(parcelId, { type: 'Move', place: 'Linz' })).toBe(2);
    expect(await writer(release3)(parcelId, { type: 'Return' })).toBe(3);
    await expect(ask(parcelId, { type: 'Move', place: 'Wels' })).rejects.toThrow(UnknownEventError);
    expect(await open.database.models.event.count({ where: { streamId: parcelId } })).toBe(3);
  });

  test('ignores a snapshot of a newer release: it reads the events, and stops', async () => {
    const parcelId = newParcel();
    await writer(release3)(parcelId, post(5, true));
    const { events } = await storeOf(release3).readStream({ streamType: 'parcel', streamId: parcelId });
    const folded = { streamType: 'parcel', streamId: parcelId, version: 1, hash: events[0]!.hash };
    const snapshot = { ...folded, shape: release3.snapshotShape!, state: { grams: 5, insured: true } };
    await saveSnapshots(open.database, [snapshot]);
    await expect(writer(release2)(parcelId, { type: 'Move', place: 'Linz' })).rejects.toThrow(UnknownEventError);
    expect(await writer(release3)(parcelId, { type: 'Move', place: 'Linz' })).toBe(2);
  });
});

test('with readers deployed first, then writers, none of them ever stops, and nothing is missing', async () => {
  const { lines } = project(release3, view3);
  const parcels = Array.from({ length: 30 }, newParcel);
  const writers = [release2, release2, release3].map(writer);
  await Promise.all(parcels.map((parcelId, i) => writers[i % 3]!(parcelId, post(i))));
  await Promise.all(parcels.map(parcelId => writers[2]!(parcelId, { type: 'Move', place: 'Linz' })));
  await projected();
  const rows = await viewRows(open.database, 'parcel_view', 'parcelId');
  expect(parcels.map(parcelId => rows.get(parcelId))).toEqual(
    parcels.map((parcelId, grams) => ({ parcelId, grams, insured: false, place: 'Linz', version: 2 })),
  );
  expect(lines).toEqual([]);
});
