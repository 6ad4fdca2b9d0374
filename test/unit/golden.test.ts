// Data that was stored or given to clients never changes: see docs/events.md. The files are in test/golden/.
import { describe, expect, test } from 'vitest';
import { isDependent } from '../../src/commands/dependent-command.ts';
import type { CommandCall, HandleCommand } from '../../src/commands/handle-command.ts';
import { open } from '../../src/event-store/personal-data.ts';
import { formatPosition, parsePosition } from '../../src/event-store/position.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { hashesOfCommand } from '../../src/commands/command-hash.ts';
import { eventId } from '../../src/graphql/event-fields.ts';
import { uuidV5 } from '../../src/ids.ts';
import type { OrderCommand } from '../../src/order/domain/commands.ts';
import { formerProductIdOf, productIdOf } from '../../src/product/product-id.ts';
import { types } from '../../src/slices.ts';
import {
  ask,
  type Asked,
  deciders,
  eventFile,
  type EventRow,
  expectedOf,
  filesIn,
  type GoldenEvent,
  hashOf,
  readGolden,
  readJson,
  readLives,
  type Shape,
  statesOf,
} from '../golden/golden.ts';

interface Names {
  readonly uuids: readonly { namespace: string; name: string; uuid: string }[];
  readonly productIds: readonly { sku: string; id: string }[];
  readonly eventIds: readonly { commandId: string; ordinal: number; id: string }[];
  readonly commandHashes: readonly { mutation: string; input: object; hash: string }[];
  readonly positions: readonly { point: number; hash: string; token: string }[];
  readonly sealed: readonly { key: string; streamId: string; sealed: string; text: string }[];
}

const record = 'record what is missing: npx tsx test/golden/record.ts';
const lives = await readLives();
const eventFiles = await filesIn('frozen/events');
const names = await readJson<Names>('frozen/names.json');

describe('the golden files', () => {
  test('never change and are never removed; a new file is listed', async () => {
    const listed = await readJson<Record<string, string>>('frozen.json');
    const files = await filesIn('frozen');
    const hashes = await Promise.all(files.map(async file => [file, await hashOf(`frozen/${file}`)] as const));
    expect(Object.fromEntries(hashes), record).toEqual(listed);
  });

  test('contain every event type that a reader may find, in every schema version that was ever stored', () => {
    expect([...types.values()], 'golden.ts lists every aggregate').toEqual(
      expect.arrayContaining(Object.values(deciders)),
    );
    expect([...types.keys()].sort(), 'and all else that is stored').toEqual(
      [...Object.keys(deciders), 'projection'].sort(),
    );
    const needed = [...types.values()].flatMap(({ streamType, schemaVersions }) =>
      Object.entries(schemaVersions).flatMap(([type, newest]) =>
        Array.from({ length: newest }, (_, older) =>
          eventFile({ stream_type: streamType, type, schema_version: older + 1 }),
        ),
      ),
    );
    expect(
      needed.filter(file => !eventFiles.includes(file.replace('events/', ''))),
      record,
    ).toEqual([]);
  });
});

describe('stored events of older releases', () => {
  test.each(eventFiles)('are read as before: %s', async file => {
    const golden = await readJson<GoldenEvent>(`frozen/events/${file}`);
    expect(eventFile(golden.row)).toBe(`events/${file}`);
    expect(readGolden(golden), record).toEqual(await readJson(`expected/events/${file}`));
  });

  test.each([...lives])('fold to the same states and rows: %s', async (name, life) => {
    expect(expectedOf(life), record).toEqual(await readJson(`expected/lives/${name}.json`));
  });

  test.each([...lives])('fold to the same states if their personal data can no longer be opened: %s', (_, life) => {
    const { whole, erased } = expectedOf(life);
    expect(Object.keys(erased).length).toBeGreaterThan(0);
    for (const [stream, { state }] of Object.entries(erased)) expect(state).toEqual(whole[stream]?.state);
  });

  const snapshotted = Object.values(deciders).filter(({ snapshotShape }) => snapshotShape !== undefined);
  test.each(snapshotted)(
    'fold to another state, or of other events, only under another snapshot shape: $streamType',
    async ({ streamType, snapshotShape, schemaVersions }) => {
      const shape = await readJson<Shape>(`frozen/shapes/${streamType}.${snapshotShape}.json`);
      const raise = `${streamType}/decider.ts: raise snapshotShape, or old snapshots are taken for new ones; then ${record}`;
      expect(schemaVersions, raise).toEqual(shape.schemaVersions);
      const states = statesOf(lives, streamType);
      const then = Object.keys(shape.states).map(stream => [stream, states[stream]]);
      expect(Object.fromEntries(then), raise).toEqual(shape.states);
    },
  );

  test.each(names.sealed)(
    'are opened byte by byte with the key of their time: %#',
    ({ key, streamId, sealed, text }) => {
      expect(JSON.stringify(open(Buffer.from(key, 'base64'), streamId, sealed))).toBe(text);
    },
  );
});

describe('values that clients were given', () => {
  test.each([...lives])('a repeat is the same command with the same ids: %s', async (_, life) => {
    for (const [index, events] of commandsOf(life.rows).entries()) {
      const call = await callOf(life.asked[index]!);
      expect(call.commandId).toBe(events[0]!.command_id);
      expect(`\\x${call.commandHash}`).toBe(events[0]!.command_hash);
      expect(call.streamId).toBe(events[0]!.stream_id);
      const linesMade = events.flatMap(({ data }) => ('sku' in data && 'lineId' in data ? [data.lineId] : []));
      if (linesMade.length > 0) expect(lineIdsOf(await completed(call.command))).toEqual(linesMade);
    }
  });

  test('the public number is in the same field of the event', () => {
    const found = [...lives.values()].flatMap(({ rows }) =>
      rows.flatMap(({ stream_type, type, data }) => {
        const field = Object.entries(data).find(([, value]) => /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(String(value)))?.[0];
        return field === undefined ? [] : [[stream_type, { [type]: field }] as const];
      }),
    );
    const numbered = Object.values(deciders).flatMap(decider =>
      decider.numbered ? [[decider.streamType, decider.numbered]] : [],
    );
    expect(Object.fromEntries(numbered)).toEqual(Object.fromEntries(found));
  });

  test.each(names.commandHashes)('hash of a command: $mutation', ({ mutation, input, hash }) => {
    // For an input with nulls this is the former hash, by which a repeat of an earlier release is found.
    const { commandHash, formerHash } = hashesOfCommand(mutation, input);
    expect(formerHash ?? commandHash).toBe(hash);
  });

  test.each(names.uuids)('UUID of "$name"', ({ namespace, name, uuid }) => {
    expect(uuidV5(namespace, name)).toBe(uuid);
  });

  test.each(names.productIds)('id of the product with the SKU $sku', ({ sku, id }) => {
    // For an SKU that is not in capitals this is the former id, under which an earlier release stored the product.
    expect(formerProductIdOf(sku) ?? productIdOf(sku)).toBe(id);
  });

  test.each(names.eventIds)('id of event $ordinal of a command', ({ commandId, ordinal, id }) => {
    expect(eventId({ commandId, ordinal } as RecordedEvent)).toBe(id);
  });

  test.each(names.positions)('position $token', ({ token, ...position }) => {
    expect(formatPosition(position)).toBe(token);
    expect(parsePosition(token)).toEqual(position);
  });
});

/** The events of each command, in the order of the log. */
function commandsOf(rows: readonly EventRow[]): EventRow[][] {
  const ids = [...new Set(rows.map(row => row.command_id))];
  return ids.map(id => rows.filter(row => row.command_id === id));
}

/** The command that a mutation sends to its aggregate. */
async function callOf(asked: Asked): Promise<CommandCall<OrderCommand>> {
  const calls: CommandCall<OrderCommand>[] = [];
  const handle = (_decider: unknown, call: CommandCall<OrderCommand>) => {
    calls.push(call);
    return Promise.resolve({ type: 'not-found' });
  };
  await ask(handle as unknown as HandleCommand, asked);
  return calls[0]!;
}

/** The command that the decider gets if nothing is stored. */
async function completed(command: CommandCall<OrderCommand>['command']): Promise<OrderCommand> {
  return isDependent(command) ? command.complete(({ initialState }) => Promise.resolve(initialState)) : command;
}

function lineIdsOf(command: OrderCommand): string[] {
  if (command.type === 'AddOrderItem') return [command.lineId];
  return command.type === 'CreateOrder' ? command.items.map(item => item.lineId) : [];
}
