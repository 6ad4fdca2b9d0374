import type { Database } from '../database/database.ts';
import { OutcomeUnknownError } from '../event-store/appender.ts';
import { type Position, startOfLog } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { type StreamAbout, streamsAbout } from '../event-store/streams-about.ts';
import { uuidV5 } from '../ids.ts';
import { hashOfCommand } from './command-hash.ts';
import type { Actor, AnyDecider, Decider, DomainEvent } from './decider.ts';
import type { CommandAnswer, HandleCommand } from './handle-command.ts';

/** Namespace of the command ids of erasures, so that an interrupted erasure resumes with the same ids. Permanent. */
const erasureNamespace = '0e9b3a52-8f4c-4f0e-9a55-6f2f5f6f8c31';

export interface Erasure {
  /** All streams that had personal data, ordered by their first event with such data. */
  readonly streams: readonly StreamAbout[];
  /** Position of the last event of the erasure: views at this position contain no personal data of the subject. */
  readonly position: Position;
}

/** Who erases, and how. */
export interface ErasureOrder {
  readonly subject: string;
  readonly actor: Actor;
  /** Default: each stream's command has its own. */
  readonly correlationId?: string;
  readonly now: Date;
  /** Empties the key of the subject: emptyKey() for the owner of the tables, emptyKeyOfErased() for others. */
  readonly emptyKey: (database: Database, subject: string) => Promise<void>;
  /** A stream that has the event of this erasure already. */
  readonly alreadyErased?: string;
}

/**
 * Makes the personal data of a subject unreadable: deletes the key that encrypts it, then appends an event to every
 * stream that has such data. The order matters: a projector may have read an event with the key before it was
 * deleted; the appended events come later in the log and remove that data from the views. Idempotent, also after a
 * kill.
 * @param deciders all aggregates
 * @returns undefined if no data of this subject was ever stored
 * @throws Error if a stream is of an aggregate that is not in the list or has no erasure; then nothing was changed
 */
export async function erasePersonalData(
  database: Database,
  handle: HandleCommand,
  deciders: readonly AnyDecider[],
  order: ErasureOrder,
): Promise<Erasure | undefined> {
  const { subject, emptyKey, alreadyErased } = order;
  const known = await streamsAbout(database, subject);
  if (known.length === 0) return undefined;
  // Before anything is changed: otherwise the key would be gone, and some views would keep the data for ever.
  for (const stream of known) erasureOf(deciderOf(deciders, stream));
  await emptyKey(database, subject);
  // Read again: until its key was deleted, the subject may have got data in further streams.
  const streams = await streamsAbout(database, subject);
  let position: Position | undefined;
  for (const stream of streams) {
    if (stream.streamId === alreadyErased) continue;
    const outcome = await eraseStream(handle, deciderOf(deciders, stream), stream.streamId, order);
    if (outcome.type !== 'accepted') throw new Error(`erasing ${stream.streamId} failed: ${outcome.type}`);
    position = later(outcome.position, position);
  }
  return { streams, position: position ?? startOfLog };
}

/**
 * The same after the event of the subject's own stream is stored.
 * @throws OutcomeUnknownError if it is not complete: the same command has to be sent again, and continues
 */
export async function completeErasure(
  database: Database,
  handle: HandleCommand,
  deciders: readonly AnyDecider[],
  order: ErasureOrder,
): Promise<Erasure | undefined> {
  try {
    return await erasePersonalData(database, handle, deciders, order);
  } catch (error) {
    throw new OutcomeUnknownError('The erasure is stored, but it is not complete', { cause: error });
  }
}

function deciderOf(deciders: readonly AnyDecider[], { streamType }: StreamAbout): AnyDecider {
  const decider = deciders.find(one => one.streamType === streamType);
  if (!decider) throw new Error(`${streamType} is not in the list of deciders: its personal data can't be erased`);
  return decider;
}

/** Appends the event which records that the personal data of one stream can no longer be read. */
export function eraseStream(
  handle: HandleCommand,
  decider: AnyDecider,
  streamId: string,
  { actor, correlationId, now }: Pick<ErasureOrder, 'actor' | 'correlationId' | 'now'>,
): Promise<CommandAnswer<unknown>> {
  const command = erasureOf(decider);
  const commandId = uuidV5(erasureNamespace, streamId);
  const commandHash = hashOfCommand(command.type, {});
  // A list forgets the types of its deciders. Each one accepts its own command.
  const typed = decider as unknown as Decider<unknown, typeof command, DomainEvent, unknown>;
  return handle(typed, {
    streamId,
    command,
    commandId,
    commandHash,
    actor,
    correlationId: correlationId ?? commandId,
    now,
  });
}

/**
 * The type of the event which records that the personal data of a stream was erased.
 * @param events of any stream of this type: a decider answers for streams that exist
 */
export function erasureEventType(decider: AnyDecider, events: readonly RecordedEvent[]): string {
  const command = erasureOf(decider);
  // A list forgets the types of its deciders. Each one accepts its own events and its own erasure.
  const { decide, evolve, initialState } = decider as unknown as Decider<unknown, typeof command, DomainEvent, unknown>;
  const state = events.reduce<unknown>((folded, event) => evolve(folded, event), initialState);
  const decision = decide(command, state);
  if (decision.type !== 'accepted') throw new Error(`${decider.streamType} rejects its own erasure`);
  return decision.events[0].type;
}

function erasureOf({ streamType, erasure }: AnyDecider): { readonly type: string } {
  if (erasure === 'none') throw new Error(`no command erases the personal data in ${streamType} streams`);
  return erasure;
}

function later(one: Position, other: Position | undefined): Position {
  return other && other.point > one.point ? other : one;
}
