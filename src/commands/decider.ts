import type { KnownEvents } from '../event-store/event-types.ts';

/** The value of a token's claim `role`. */
export type Role = 'customer' | 'staff' | 'operator';

/** The caller. A customer's subject is the id of their own aggregate; that of staff and operators is their name. */
export interface Actor {
  readonly role: Role;
  readonly subject: string;
}

/** A command to one aggregate. Its type determines who may send it. */
export interface DomainCommand {
  readonly type: string;
}

/**
 * An event that a decider returns and a stream stores. `personal` contains names, addresses and free text. It is
 * encrypted with the key of the event's subject, and `undefined` if that key was deleted.
 */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
  readonly personal?: object | undefined;
}

/**
 * The events to store, or a rejection. At least one event is required, so that the log contains the id of every
 * accepted command.
 */
export type Decision<Event, Rejection> =
  | { readonly type: 'accepted'; readonly events: readonly [Event, ...Event[]] }
  | { readonly type: 'rejected'; readonly rejection: Rejection };

export function accept<Event>(...events: [Event, ...Event[]]): { type: 'accepted'; events: [Event, ...Event[]] } {
  return { type: 'accepted', events };
}

export function reject<Rejection>(rejection: Rejection): { type: 'rejected'; rejection: Rejection } {
  return { type: 'rejected', rejection };
}

/** Which roles may send a command. `isVisibleTo` decides to which aggregates they may send it. */
export type Right = 'authenticated' | Role;

/**
 * Whether a role has a right. An operator may do everything that staff may, and in addition operate. Every check of a
 * role is a call of this function, so that no check can forget operators.
 */
export function hasRight({ role }: Pick<Actor, 'role'>, right: Right): boolean {
  return right === 'authenticated' || role === right || (role === 'operator' && right === 'staff');
}

type ReasonOf<Rejection> = Rejection extends { readonly reason: infer Reason extends string } ? Reason : never;
/** The events whose type declares personal data. */
type PersonalEvent<Event> = Extract<Event, { readonly personal: unknown }>;

/** Everything that the command and event code needs to know about an aggregate: pure functions and permanent names. */
export interface Decider<State, Command extends DomainCommand, Event extends DomainEvent, Rejection> {
  /** Stored with each event, so it may never change. */
  readonly streamType: string;
  /** `abc` in `abc_<uuid>`: three lower-case letters, and no other aggregate has them. Permanent, since ids are stored. */
  readonly idPrefix: string;
  readonly initialState: State;
  readonly evolve: (state: State, event: Event) => State;
  readonly decide: (command: Command, state: State) => Decision<Event, Rejection>;
  /** Which roles may send each command. If a command is missing, the decider does not compile. */
  readonly rights: { readonly [Type in Command['type']]: Right };
  /**
   * What each reason of a rejection means, as the public schema says it. If a reason is missing, the decider does not
   * compile.
   */
  readonly reasons: { readonly [Reason in ReasonOf<Rejection>]: string };
  /** True for the command that starts a stream; every other command needs an existing, visible stream. */
  readonly creates: (command: Pick<Command, 'type'>) => boolean;
  /** Whether the actor may see this aggregate. If not, it is treated like a missing one. */
  readonly isVisibleTo: (state: State, actor: Actor) => boolean;
  /**
   * The customer whose key encrypts the personal data of this stream's events. It is called with the state after the
   * events.
   */
  readonly subject: (state: State) => string | undefined;
  /**
   * The command which records in a stream that its personal data was erased. It must be accepted in every state. If an
   * event has personal data and this is `none`, the decider does not compile.
   */
  readonly erasure: [PersonalEvent<Event>] extends [never] ? 'none' : Command;
  /** The newest schema version of each event type. If a reader meets an unknown type or a newer version, it stops. */
  readonly schemaVersions: { readonly [Type in Event['type']]: number };
  /**
   * Version of the state's shape, for snapshots of long streams; without it no snapshots are stored. Raise it with
   * every change of what `evolve` returns for the same events, and with every new event type or version: snapshots of
   * another shape are ignored.
   */
  readonly snapshotShape?: number;
  /**
   * Event types that get a public number (unique, K7Q2-9XF4) when they are appended, and the field of `data` that
   * takes it.
   */
  readonly numbered?: { readonly [Type in Event['type']]?: string };
  /** Upcasts an event of an older schema version by one version. */
  readonly upcast: (event: { type: string; data: unknown }, schemaVersion: number) => { type: string; data: unknown };
}

/** Any decider, as an entry of a list: the part of it that does not depend on its types. */
export interface AnyDecider extends KnownEvents {
  readonly idPrefix: string;
  readonly rights: Readonly<Record<string, Right>>;
  readonly reasons: Readonly<Record<string, string>>;
  readonly erasure: 'none' | { readonly type: string };
}
