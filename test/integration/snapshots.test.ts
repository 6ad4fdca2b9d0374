import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accept, type Decider } from '../../src/commands/decider.ts';
import { type HandleCommand, openHandleCommand } from '../../src/commands/handle-command.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { openEventStore } from '../../src/event-store/event-store.ts';
import { eventTypes } from '../../src/event-store/event-types.ts';
import { type FoldedStream, openSnapshots, saveSnapshots } from '../../src/event-store/snapshots.ts';
import { eventually } from '../support/eventually.ts';
import { openGate } from '../support/statements.ts';
import { useDatabase } from '../support/use-database.ts';

interface Counted {
  readonly type: 'Counted';
  readonly data: { readonly sum: number };
}

let folded = 0;

/** Sums up amounts; its answer shows which events it was folded from. */
function counter(snapshotShape: number): Decider<number, { type: 'Add'; add: number }, Counted, never> {
  return {
    streamType: 'counter',
    idPrefix: 'cou',
    initialState: 0,
    evolve: (_sum, event) => {
      folded++;
      return event.data.sum;
    },
    decide: ({ add }, sum) => accept({ type: 'Counted', data: { sum: sum + add } }),
    rights: { Add: 'staff' },
    reasons: {},
    creates: () => true,
    isVisibleTo: () => true,
    subject: () => undefined,
    erasure: 'none',
    schemaVersions: { Counted: 1 },
    upcast: event => event,
    snapshotShape,
  };
}

const real = useDatabase();
let open: OpenDatabase;
let streamId: string;

beforeAll(async () => {
  open = await openDatabase({ databaseUrl: real.url, dataDir: '' });
});
afterAll(async () => {
  await open.close();
});

beforeEach(async () => {
  streamId = `cnt_${randomUUID()}`;
  const warm = node();
  for (let i = 0; i < 230; i++) await add(warm);
  await eventually(async () => {
    expect(await snapshot()).toMatchObject({ version: 200, state: 200 });
  });
  folded = 0;
});

/** A node with an empty cache. */
function node(): HandleCommand {
  return openHandleCommand(openEventStore(open.database, eventTypes([counter(1)]), () => undefined));
}

async function add(handle: HandleCommand, shape = 1): Promise<number> {
  const commandId = randomUUID();
  const actor = { role: 'staff', subject: 'anna' } as const;
  const call = {
    streamId,
    command: { type: 'Add', add: 1 } as const,
    commandId,
    commandHash: 'aa',
    actor,
    correlationId: 'x',
    now: new Date(),
  };
  await handle(counter(shape), call);
  const event = await open.database.models.event.findFirstOrThrow({ where: { commandId } });
  return (event.data as { sum: number }).sum;
}

function snapshot() {
  return open.database.models.snapshot.findFirst({ where: { streamId } });
}

test('a command on a long stream reads the snapshot and the events after it, no more', async () => {
  expect(await add(node())).toBe(231);
  expect(folded).toBe(31); // 201 to 230, and its own
});

test('a snapshot is the base for folding later events', async () => {
  await open.database.models.snapshot.updateMany({
    where: { streamId },
    data: { version: 230, hash: await hashAt(230), state: 7 },
  });
  expect(await add(node())).toBe(8);
});

test('a snapshot of another shape is ignored, and replaced', async () => {
  await open.database.models.snapshot.updateMany({ where: { streamId }, data: { state: 1_000_000 } });
  expect(await add(node(), 2)).toBe(231);
  expect(folded).toBe(231);
  await eventually(async () => {
    expect(await snapshot()).toMatchObject({ shape: 2, version: 231, state: 231 });
  });
});

test('a snapshot of an event that the log does not have is ignored: the log was restored and continued differently', async () => {
  await open.database.models.snapshot.updateMany({
    where: { streamId },
    data: { hash: '0123456789ab', state: 1_000_000 },
  });
  expect(await add(node())).toBe(231);
});

test('a missing snapshot has no effect on the result', async () => {
  await open.database.models.snapshot.deleteMany({ where: { streamId } });
  expect(await add(node())).toBe(231);
});

describe('snapshots that are requested together', () => {
  const folded = (streamId: string, version: number): FoldedStream => {
    const state = { sum: version };
    return { streamType: 'counter', streamId, version, hash: '0123456789ab', shape: 1, state };
  };
  const ids = () => Array.from({ length: 120 }, () => `cnt_${randomUUID()}`);
  /** Each statement that was sent. */
  let statements: number;
  let saving: ReturnType<typeof openSnapshots>;

  beforeEach(() => {
    statements = 0;
    saving = openSnapshots({
      execute: statement => {
        statements++;
        return open.database.execute(statement);
      },
    });
  });

  function storedOf(streams: readonly string[]) {
    return open.database.models.snapshot.findMany({ where: { streamId: { in: [...streams] } } });
  }

  test('are stored by few statements, the newest of each stream', async () => {
    const streams = ids();
    for (const version of [50, 100]) for (const id of streams) saving(folded(id, version));
    await eventually(async () => {
      const stored = await storedOf(streams);
      expect(stored.map(({ version, state }) => ({ version, state }))).toEqual(
        streams.map(() => ({ version: 100, state: { sum: 100 } })),
      );
    });
    expect(statements).toBe(3);
  });

  test('wait for one statement at a time, however long it takes, and only the newest of a thousand is kept', async () => {
    const held = openGate();
    let maxInFlight = 0;
    let inFlight = 0;
    let asked = 0;
    const save = openSnapshots({
      execute: async () => {
        asked++;
        maxInFlight = Math.max(maxInFlight, ++inFlight);
        await held.pass();
        inFlight--;
        return 0;
      },
    });
    for (let n = 0; n < 5_000; n++) save(folded(`cnt_${n}`, 50));
    await held.arrived;
    await sleep(300);
    expect(asked).toBe(1);
    held.open();
    await eventually(() => expect(asked).toBe(20));
    expect(maxInFlight).toBe(1);
  });

  test('by two nodes at once, in any order, are all stored', async () => {
    const streams = ids().slice(0, 50);
    for (let round = 1; round <= 20; round++) {
      const rows = streams.map(id => folded(id, round));
      await Promise.all([saveSnapshots(open.database, rows), saveSnapshots(open.database, rows.toReversed())]);
    }
    expect((await storedOf(streams)).map(({ version }) => version)).toEqual(streams.map(() => 20));
  });

  test('that cannot be stored are skipped: later ones are stored', async () => {
    const [broken = '', whole = ''] = ids();
    saving({ ...folded(broken, 50), state: { text: '\u0000' } }); // no jsonb contains that character
    await eventually(() => {
      expect(statements).toBe(1);
    });
    saving(folded(whole, 50));
    await eventually(async () => {
      expect(await storedOf([broken, whole])).toMatchObject([{ streamId: whole }]);
    });
  });
});

async function hashAt(version: number): Promise<string> {
  const event = await open.database.models.event.findFirstOrThrow({ where: { streamId, version } });
  return Buffer.from(event.hash.subarray(0, 6)).toString('hex');
}
