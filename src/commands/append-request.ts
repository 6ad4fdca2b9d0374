import type { AppendRequest, NewEvent, StreamVersion } from '../event-store/append-events.ts';
import type { Sealer } from '../event-store/sealers.ts';
import type { Actor, Decider, DomainCommand, DomainEvent } from './decider.ts';
import type { CommandIdentity } from './is-repeat.ts';

/** What the log stores about a command beside its events. */
interface CommandMetadata extends CommandIdentity {
  readonly actor: Actor;
  readonly correlationId: string;
  readonly now: Date;
}

/** The result of a decision. */
interface Decided<State, Event> {
  /** The aggregate that it was decided on, and the versions of the other ones. */
  readonly aggregate: StreamVersion;
  readonly reads: readonly StreamVersion[];
  readonly events: readonly Event[];
  /** The state after the events. */
  readonly state: State;
}

/**
 * The request that appends the events of a command. Personal data is sealed with the key of its subject.
 * @param sealerOf reads the key of a subject
 */
export async function appendRequest<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  { commandId, commandHash, actor, correlationId, now }: CommandMetadata,
  { aggregate, reads, events, state }: Decided<State, Event>,
  sealerOf: (subject: string) => Promise<Sealer>,
): Promise<AppendRequest> {
  const { streamType, streamId, version, hash } = aggregate;
  const personal = events.find(event => event.personal);
  const sealer = personal && (await sealerOf(subjectOf(decider, personal, state)));
  return {
    streamType,
    streamId,
    version,
    hash,
    reads,
    commandId,
    // Keyed too: with a plain hash of the request, a person who has the log could check guesses of the personal data.
    commandHash: sealer ? sealer.keyedHash(commandHash) : commandHash,
    metadata: { actor, correlationId },
    occurredAt: now.toISOString(),
    events: events.map(event => newEvent(decider, streamId, event, sealer)),
  };
}

function newEvent<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  { schemaVersions, numbered }: Decider<State, Command, Event, Rejection>,
  streamId: string,
  event: Event,
  sealer: Sealer | undefined,
): NewEvent {
  const type: Event['type'] = event.type;
  const personal = event.personal && sealer ? sealer.seal(streamId, event.personal) : null;
  const number = numbered?.[type];
  const stored = { type, schemaVersion: schemaVersions[type], data: event.data, personal };
  return number === undefined ? stored : { ...stored, number };
}

function subjectOf<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  { type }: Event,
  state: State,
): string {
  const subject = decider.subject(state);
  if (subject === undefined) throw new Error(`${type} contains personal data, but the decider names no subject`);
  return subject;
}
