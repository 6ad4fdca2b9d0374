/** Who asks. A customer's subject is their own id (`cus_…`), a staff member's is their name. */
export interface Actor {
  readonly role: 'customer' | 'staff';
  readonly subject: string;
}

/**
 * What a decider returns and a stream remembers. `personal` holds names, addresses and free text: it is stored
 * sealed with the key of the event's subject and is `undefined` when read after that key was thrown away.
 */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
  readonly personal?: object | undefined;
}

/** Events to remember (at least one, so that an accepted command always leaves its id in the log), or a refusal. */
export type Decision<Event, Rejection> =
  | { readonly type: 'accepted'; readonly events: readonly [Event, ...Event[]] }
  | { readonly type: 'rejected'; readonly rejection: Rejection };

export function accept<Event>(...events: [Event, ...Event[]]): { type: 'accepted'; events: [Event, ...Event[]] } {
  return { type: 'accepted', events };
}

export function reject<Rejection>(rejection: Rejection): { type: 'rejected'; rejection: Rejection } {
  return { type: 'rejected', rejection };
}

/** Whom a command is for at all; what of it is theirs, `isVisibleTo` says. */
export type Right = 'authenticated' | Actor['role'];

type TypeOf<Command> = Command extends { readonly type: infer Type extends string } ? Type : never;

/** What the machinery needs to know of an aggregate: pure functions and its permanent names. */
export interface Decider<State, Command, Event extends DomainEvent, Rejection> {
  /** Stored with each event: permanent, like a table's name. */
  readonly streamType: string;
  readonly initialState: State;
  readonly evolve: (state: State, event: Event) => State;
  readonly decide: (command: Command, state: State) => Decision<Event, Rejection>;
  /** Who may ask for each command: one that is missing here is nobody's, and does not compile. */
  readonly rights: { readonly [Type in TypeOf<Command>]: Right };
  /** True for the command that starts a stream; every other one needs a stream that is there and visible. */
  readonly creates: (command: Command) => boolean;
  /** Whether the actor may know of this aggregate at all; where not, it is answered like a missing one. */
  readonly isVisibleTo: (state: State, actor: Actor) => boolean;
  /** The customer whose key seals the personal data of this stream's events; asked of the state after the events. */
  readonly subject: (state: State) => string | undefined;
  /** Newest schema version of each event type. An event that is missing here, or newer, stops its reader. */
  readonly schemaVersions: { readonly [Type in Event['type']]: number };
  /**
   * Version of the state's shape, for snapshots of long streams; none are stored where it is left out. Raise it with
   * every change of what `evolve` makes of the same events, and with every new event type or version: snapshots of
   * another shape are left aside.
   */
  readonly snapshotShape?: number;
  /** Event types that get a public number (unique, K7Q2-9XF4) from the append, and the field of `data` that takes it. */
  readonly numbered?: { readonly [Type in Event['type']]?: string };
  /** Brings an event stored with an older schema version up by one version. */
  readonly upcast: (event: { type: string; data: unknown }, schemaVersion: number) => { type: string; data: unknown };
}
