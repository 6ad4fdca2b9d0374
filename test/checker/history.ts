export type Kind = 'orderUpdated' | 'ordersUpdated' | 'customerOrdersUpdated' | 'orderEvents' | 'eventsAppended';

/** An event in the log. Positions are tokens; those of one log sort as strings. */
export interface Logged {
  readonly position: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly type: string;
  readonly actor: { readonly role: string; readonly subject: string };
}

/** An order as a frame or a query showed it. */
export interface Shown {
  readonly id: string;
  readonly version: number;
  readonly [field: string]: unknown;
}

/** One payload of one subscription, over any transport. */
export interface Received {
  /** ms since the epoch. */
  readonly at: number;
  readonly kind: 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS' | 'EVENT' | 'ERROR';
  /** Empty if the kind is ERROR. */
  readonly position: string;
  readonly orderId?: string | undefined;
  readonly matches?: boolean | undefined;
  readonly order?: Shown | undefined;
  readonly event?: { readonly type: string; readonly version: number; readonly actor: string } | undefined;
  /** Code of an ERROR. */
  readonly code?: string | undefined;
}

export interface Connection {
  readonly after: string | undefined;
  /** True if `after` has a hash that no event of this log has. */
  readonly foreign: boolean;
  /** The page of a list, if this connection began with one. */
  readonly page: readonly Shown[] | undefined;
  /** When its token expires, ms since the epoch. */
  readonly expiresAt: number;
  readonly received: Received[];
  endedAt: number | undefined;
}

/** What is watched, and the viewer. */
export interface Watched {
  readonly name: string;
  readonly kind: Kind;
  readonly transport: 'WebSocket' | 'SSE';
  readonly viewer: { readonly role: 'staff' | 'customer'; readonly subject: string };
  /** Id of the order or the customer; empty for all orders. */
  readonly id: string;
  /** Filter of a list: only orders in one of these states. */
  readonly statusIn: readonly string[] | undefined;
}

export interface Observed extends Watched {
  readonly connections: readonly Connection[];
}

/** A time without commands and faults: at its end every subscriber must have the final state. */
export interface Quiet {
  readonly from: number;
  /** End of the quiet time: at most 5 s after its start. */
  readonly until: number;
  /** Number of events in the log. */
  readonly events: number;
  /** By subscriber: the answer of a query of the same viewer. Missing if it did not answer in time. */
  readonly answers: ReadonlyMap<string, readonly Shown[]>;
}

export interface PlannedFault {
  readonly what: string;
  /** How much the fault affected: hints dropped, open sockets cut. 0: it tested nothing. */
  readonly bit: number;
}

/** From the acknowledgement to the frame, ms, of a lone command without any fault. */
export interface Probe {
  readonly row: number;
  readonly event: number;
}

/** All observations of one run. */
export interface History {
  readonly log: readonly Logged[];
  readonly subscribers: readonly Observed[];
  readonly quiets: readonly Quiet[];
  readonly faults: readonly PlannedFault[];
  readonly probes: readonly Probe[];
}
