export type Kind = 'orderUpdated' | 'ordersUpdated' | 'customerOrdersUpdated' | 'orderEvents' | 'eventsAppended';

/** An event as the log has it. Positions are tokens: of one log they sort as strings. */
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

/** One payload of one subscription, whichever way it was carried. */
export interface Received {
  /** ms since the epoch. */
  readonly at: number;
  readonly kind: 'SNAPSHOT' | 'UPDATE' | 'RESYNC' | 'PROGRESS' | 'EVENT' | 'ERROR';
  /** Empty with ERROR. */
  readonly position: string;
  readonly orderId?: string | undefined;
  readonly matches?: boolean | undefined;
  readonly order?: Shown | undefined;
  readonly event?: { readonly type: string; readonly version: number; readonly actor: string } | undefined;
  /** Of an ERROR. */
  readonly code?: string | undefined;
}

export interface Connection {
  readonly after: string | undefined;
  /** `after` has a hash that no event of this log has. */
  readonly foreign: boolean;
  /** A list's page, where this connection began with one. */
  readonly page: readonly Shown[] | undefined;
  /** When its token runs out, ms since the epoch. */
  readonly expiresAt: number;
  readonly received: Received[];
  endedAt: number | undefined;
}

/** What is watched, by whom. */
export interface Watched {
  readonly name: string;
  readonly kind: Kind;
  readonly transport: 'WebSocket' | 'SSE';
  readonly viewer: { readonly role: 'staff' | 'customer'; readonly subject: string };
  /** The order or the customer; empty where it is everything. */
  readonly id: string;
  /** A list's filter: in one of these states. */
  readonly statusIn: readonly string[] | undefined;
}

export interface Observed extends Watched {
  readonly connections: readonly Connection[];
}

/** Nothing was asked for and nothing broken in this time: at its end everyone must hold the final state. */
export interface Quiet {
  readonly from: number;
  /** At most 5 s later. */
  readonly until: number;
  /** Events in the log. */
  readonly events: number;
  /** By subscriber's name: what the same viewer's query answered. Missing: it did not answer in time. */
  readonly answers: ReadonlyMap<string, readonly Shown[]>;
}

export interface PlannedFault {
  readonly what: string;
  /** How much it touched: hints dropped, sockets that were open. 0: it tested nothing. */
  readonly bit: number;
}

/** From an acknowledgement to the frame, ms, of a command all by itself while nothing was broken. */
export interface Probe {
  readonly row: number;
  readonly event: number;
}

/** All that is known of one run. */
export interface History {
  readonly log: readonly Logged[];
  readonly subscribers: readonly Observed[];
  readonly quiets: readonly Quiet[];
  readonly faults: readonly PlannedFault[];
  readonly probes: readonly Probe[];
}
