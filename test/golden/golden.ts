import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'graphql';
import type { Actor, AnyDecider } from '../../src/commands/decider.ts';
import { eraseStream } from '../../src/commands/erase-personal-data.ts';
import type { HandleCommand } from '../../src/commands/handle-command.ts';
import type { SealedData } from '../../src/event-store/personal-data.ts';
import type { EventMetadata, RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { recordedEvent, type StoredEvent } from '../../src/event-store/stored-event.ts';
import { formatPosition } from '../../src/event-store/position.ts';
import { createContext } from '../../src/graphql/context.ts';
import { executeOperation } from '../../src/server/execution/operation.ts';
import type { Dependencies } from '../../src/graphql/dependencies.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { schema } from '../../src/schema.ts';
import { slices, types, views } from '../../src/slices.ts';

// frozen/ has data that was once stored or given to clients, and never changes; frozen.json has its hashes. expected/
// has what today's code makes of it: record.ts writes it, and its diff shows the effect of a change.

/** One mutation as a client sent it, and its time. */
export interface Asked {
  readonly at: string;
  readonly as: Actor;
  readonly mutation: string;
  readonly input: { readonly idempotencyKey: string };
}

/** A row of `events` as PostgreSQL prints it in JSON. */
export interface EventRow {
  readonly position: number;
  /** `\x` and 64 hex digits. */
  readonly hash: string;
  readonly stream_type: string;
  readonly stream_id: string;
  readonly version: number;
  readonly command_id: string;
  readonly ordinal: number;
  readonly command_hash: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: object;
  readonly personal: SealedData | null;
  readonly metadata: EventMetadata;
  readonly occurred_at: string;
  readonly recorded_at: string;
}

/** Keys in Base64, by subject. */
export type Keys = Readonly<Record<string, string>>;

/** A whole log: the mutations sent to an empty database, and the rows that it then had. */
export interface Life {
  readonly asked: readonly Asked[];
  readonly keys: Keys;
  readonly rows: readonly EventRow[];
}

/** One row of a log, with the key that opens its personal data. */
export interface GoldenEvent {
  readonly row: EventRow;
  readonly keys: Keys;
}

/** The content of a snapshot of that shape: the states of the lives, and the events that they are folded from. */
export interface Shape {
  readonly schemaVersions: Readonly<Record<string, number>>;
  readonly states: States;
}

/** States by life and stream, as JSON stores them. */
export type States = Readonly<Record<string, object>>;

/** The fold of a stream. */
export interface Folded {
  readonly state: object;
  /** Rows by view name. */
  readonly rows: Readonly<Record<string, object>>;
}

export interface Expected {
  readonly whole: Readonly<Record<string, Folded>>;
  readonly erased: Readonly<Record<string, Folded>>;
}

/** Every aggregate, by stream type. */
export const deciders: Readonly<Record<string, (typeof slices)[number]['decider']>> = Object.fromEntries(
  slices.map(({ decider }) => [decider.streamType, decider]),
);

const folder = fileURLToPath(new URL('.', import.meta.url));

export function pathOf(file: string): string {
  return `${folder}${file}`;
}

/** The JSON files in a folder, with paths relative to it, e.g. `lives/drafts.json`. */
export async function filesIn(below: string): Promise<string[]> {
  const entries = await readdir(pathOf(below), { recursive: true });
  return entries.filter(name => name.endsWith('.json')).sort();
}

export async function readJson<Content>(file: string): Promise<Content> {
  return JSON.parse(await readFile(pathOf(file), 'utf8')) as Content;
}

/** Lives by name. */
export async function readLives(): Promise<ReadonlyMap<string, Life>> {
  const lives = new Map<string, Life>();
  for (const file of await filesIn('frozen/lives')) {
    lives.set(file.replace('.json', ''), await readJson<Life>(`frozen/lives/${file}`));
  }
  return lives;
}

/** The hash of a file's content, not of its layout: formatting it changes nothing. */
export async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await readJson(file)))
    .digest('hex');
}

/** The file of an event under frozen/ and expected/. */
export function eventFile(row: Pick<EventRow, 'stream_type' | 'type' | 'schema_version'>): string {
  return `events/${row.stream_type}/${row.type}.v${row.schema_version}.json`;
}

/** The row as the event store selects it; test/integration/golden-database.test.ts compares it with the database. */
export function storedEvent(row: EventRow, keys: Keys): StoredEvent {
  return {
    position: row.position,
    hash: row.hash.slice(2, 14),
    streamType: row.stream_type,
    streamId: row.stream_id,
    version: row.version,
    commandId: row.command_id,
    ordinal: row.ordinal,
    type: row.type,
    schemaVersion: row.schema_version,
    data: row.data,
    personal: row.personal,
    key: row.personal && (keys[row.personal.subject] ?? null),
    metadata: row.metadata,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
  };
}

export function recordedEvents(rows: readonly EventRow[], keys: Keys): RecordedEvent[] {
  return rows.map(row => recordedEvent(types, storedEvent(row, keys)));
}

/** A stored event as readers get it now. */
export function readGolden({ row, keys }: GoldenEvent): object {
  const { type, schemaVersion, data, personal } = recordedEvent(types, storedEvent(row, keys));
  return asJson({ type, schemaVersion, data, personal });
}

/** Every stream of a log by type and id, folded by its aggregate and by every view. */
function foldedStreams(rows: readonly EventRow[], keys: Keys): Record<string, Folded> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of recordedEvents(rows, keys)) {
    const stream = `${event.streamType} ${event.streamId}`;
    streams.set(stream, [...(streams.get(stream) ?? []), event]);
  }
  return Object.fromEntries([...streams].map(([stream, events]) => [stream, foldedStream(events)]));
}

/** The fold of a log; and without its keys, the rows that then differ. */
export function expectedOf({ rows, keys }: Life): Expected {
  const whole = foldedStreams(rows, keys);
  const erased = Object.entries(foldedStreams(rows, {})).filter(
    ([stream, folded]) => !isDeepStrictEqual(folded, whole[stream]),
  );
  return { whole, erased: Object.fromEntries(erased) };
}

/** The states of an aggregate's streams, by life and stream. */
export function statesOf(lives: ReadonlyMap<string, Life>, streamType: string): States {
  const states = [...lives].flatMap(([name, { rows, keys }]) => {
    const streams = Object.entries(foldedStreams(rows, keys));
    const ofType = streams.filter(([stream]) => stream.startsWith(`${streamType} `));
    return ofType.map(([stream, { state }]) => [`${name}: ${stream}`, state] as const);
  });
  return Object.fromEntries(states);
}

function foldedStream(events: readonly RecordedEvent[]): Folded {
  const { streamType } = events[0]!;
  const { initialState, evolve } = deciders[streamType]!;
  const rows = views.folded
    .filter(view => view.streamType === streamType)
    .flatMap(view => {
      const row = events.reduce<object | undefined>((before, event) => view.fold(before, event), undefined)!;
      const derived = views.derived.filter(({ source }) => source === view);
      return [[view.name, row], ...derived.map(one => [one.name, one.derive(row)])] as [string, object][];
    });
  const state = events.reduce<unknown>((before, event) => evolve(before as never, event as never), initialState);
  return asJson({ state: state as object, rows: Object.fromEntries(rows) });
}

/** The value after a round trip through JSON. */
export function asJson<Content>(content: Content): Content {
  return JSON.parse(JSON.stringify(content)) as Content;
}

/** The aggregate of a command of `orderstream erase-customer`, which is no mutation. */
function erasedBy(command: string): AnyDecider | undefined {
  return Object.values(deciders).find(
    ({ erasure }) => erasure !== 'none' && erasure.type.toLowerCase() === command.toLowerCase(),
  );
}

/** Who erased in the recorded events. */
const eraser = { role: 'operator', subject: 'orderstream' } as const;

/** Sends a mutation as the client did, to today's schema. Returns the member of the result union. */
export async function ask(handle: HandleCommand, asked: Asked): Promise<Record<string, unknown>> {
  const { at, as, mutation, input } = asked;
  const erased = erasedBy(mutation);
  if (erased !== undefined) {
    const { id: streamId } = input as unknown as { readonly id: string };
    const answer = await eraseStream(handle, erased, streamId, { actor: eraser, now: new Date(at) });
    if (answer.type !== 'accepted') return { message: answer.type };
    return { __typename: 'Erased', version: answer.version, position: formatPosition(answer.position) };
  }
  const result = String(schema.getMutationType()?.getFields()[mutation]?.type);
  const document = parse(`mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) {
    answer: ${mutation}(input: $input) {
      __typename
      ... on ${result.replace(/Result$/, 'Payload')} { version position }
      ... on CommandError { message }
    }
  }`);
  const caller = { identity: { actor: as, expiresAt: Infinity }, correlationId: 'golden' };
  const logger = openLogger('silent');
  const context = {
    ...createContext({ handle } as Dependencies, logger, caller),
    logger, // of the watchdog, which speaks up on a busy machine
    now: () => new Date(at),
  };
  const { data, errors } = await executeOperation({
    schema,
    document,
    variableValues: { input },
    contextValue: context,
  });
  if (!data) throw new Error(`${mutation}: ${JSON.stringify(errors)}`);
  return data['answer'] as Record<string, unknown>;
}
