import { describe, expect, test } from 'vitest';
import { accept, type Decider, reject } from '../../../src/commands/decider.ts';
import type { DependentCommand } from '../../../src/commands/dependent-command.ts';
import { type CommandCall, openHandleCommand } from '../../../src/commands/handle-command.ts';
import type { AppendOutcome, AppendRequest } from '../../../src/event-store/append-events.ts';
import type { EventStore } from '../../../src/event-store/event-store.ts';
import type { StreamPart, StreamRead } from '../../../src/event-store/read-stream.ts';
import type { RecordedEvent } from '../../../src/event-store/recorded-event.ts';

interface Switch {
  readonly type: 'Switch';
  readonly on: boolean;
}
interface Switched {
  readonly type: 'Switched';
  readonly data: { readonly on: boolean };
}

/** A lamp. It rejects to be switched to the state that it has. */
const lamp: Decider<boolean, Switch, Switched, string> = {
  streamType: 'lamp',
  idPrefix: 'lam',
  initialState: false,
  evolve: (_on, event) => event.data.on,
  decide: ({ on }, state) => (on === state ? reject('NO_CHANGE') : accept({ type: 'Switched', data: { on } })),
  rights: { Switch: 'staff' },
  reasons: {},
  creates: () => true,
  isVisibleTo: () => true,
  subject: () => 'cus_1',
  erasure: 'none',
  schemaVersions: { Switched: 1 },
  upcast: event => event,
};

/** A log in memory. It records the streams that are read and the requests that are appended. */
function openLog(streams: Record<string, boolean[]>) {
  const read: string[] = [];
  const appended: AppendRequest[] = [];
  const store = {
    readStream({ streamId, fromVersion = 1 }: StreamPart): Promise<StreamRead> {
      read.push(streamId);
      const events = (streams[streamId] ?? []).map((on, index) => ({
        type: 'Switched',
        version: index + 1,
        hash: `${streamId} ${index + 1}`,
        data: { on },
      })) as unknown as RecordedEvent[];
      return Promise.resolve({ snapshot: undefined, events: events.slice(fromVersion - 1), command: undefined });
    },
    append(request: AppendRequest): Promise<AppendOutcome> {
      appended.push(request);
      const version = request.version + 1;
      return Promise.resolve({ outcome: 'appended', version, position: 7, hash: `${request.streamId} ${version}` });
    },
    keyedHash: () => Promise.resolve(undefined),
  };
  return { store: store as unknown as EventStore, read, appended };
}

function call(command: CommandCall<Switch>['command'], how: Partial<CommandCall<Switch>> = {}): CommandCall<Switch> {
  return {
    streamId: 'here',
    command,
    commandId: '00000000-0000-4000-8000-000000000001',
    commandHash: 'aa',
    actor: { role: 'staff', subject: 'anna' },
    correlationId: 'test',
    now: new Date(0),
    ...how,
  };
}

const switchOn: Switch = { type: 'Switch', on: true };

describe('a command that depends on another aggregate', () => {
  /** Switches a lamp to the state of the lamp `there`. */
  const copy: DependentCommand<Switch> = {
    type: 'Switch',
    input: {},
    complete: async read => {
      const states = await Promise.all([read(lamp, 'there'), read(lamp, 'there')]);
      return { type: 'Switch', on: states.every(Boolean) };
    },
  };

  test('is completed from its state, which is read once, and the append checks that it has not changed', async () => {
    const { store, read, appended } = openLog({ there: [true] });
    expect(await openHandleCommand(store)(lamp, call(copy))).toMatchObject({ type: 'accepted', version: 1 });
    expect(read).toEqual(['here', 'there']);
    const reads = [{ streamType: 'lamp', streamId: 'there', version: 1, hash: 'there 1' }];
    expect(appended).toMatchObject([{ streamId: 'here', version: 0, reads, events: [{ data: { on: true } }] }]);
  });

  test('is completed again from a fresh read before it is rejected on cached state', async () => {
    const streams = { here: [false], there: [true] };
    const { store, appended } = openLog(streams);
    const handle = openHandleCommand(store);
    await handle(lamp, call(copy));
    streams.here.push(true);
    streams.there.push(false);
    const effort = { attempts: 0 };
    expect(await handle(lamp, call(copy), effort)).toMatchObject({ type: 'accepted', version: 3 });
    expect(effort.attempts).toBe(2);
    expect(appended.at(-1)).toMatchObject({ reads: [{ version: 2 }], events: [{ data: { on: false } }] });
  });

  test('is not completed if its own aggregate is at another version than the caller expects', async () => {
    const { store, read } = openLog({ here: [true], there: [true] });
    const answer = await openHandleCommand(store)(lamp, call(copy, { expectedVersion: 5 }));
    expect(answer).toEqual({ type: 'version-conflict', expectedVersion: 5, actualVersion: 1 });
    expect(read).toEqual(['here']);
  });
});

describe('a read that fails because the database is unreachable', () => {
  const unreachable = new Error('connect ECONNREFUSED 127.0.0.1:5432');

  test('is retried, and the command is decided once', async () => {
    const { store, read } = openLog({});
    let failures = 2;
    const handle = openHandleCommand({
      ...store,
      readStream: (...part) => (failures-- > 0 ? Promise.reject(unreachable) : store.readStream(...part)),
    });
    const effort = { attempts: 0 };
    expect(await handle(lamp, call(switchOn), effort)).toMatchObject({ type: 'accepted' });
    expect({ attempts: effort.attempts, read }).toEqual({ attempts: 1, read: ['here'] });
  });

  // Otherwise the key of one log would be compared with a command of another: the server that answers again may be a
  // standby that has received neither.
  test('of a key is retried together with the read of the stored command', async () => {
    const { store, appended } = openLog({});
    let hasFailedOver = false;
    const handle = openHandleCommand({
      ...store,
      readStream: async (...part) => ({
        ...(await store.readStream(...part)),
        command: hasFailedOver ? undefined : { commandHash: 'keyed', version: 1, position: 3, hash: 'here 1' },
      }),
      keyedHash: () => {
        if (hasFailedOver) return Promise.resolve(undefined);
        hasFailedOver = true;
        return Promise.reject(unreachable);
      },
    });
    expect(await handle(lamp, call(switchOn))).toMatchObject({ type: 'accepted', replayed: false });
    expect(appended).toHaveLength(1);
  });
});
