// What the observer inside of a page reports, in the order in which it happened. Times are ms since 1970.

/** What the screen shows of a card. */
export interface Card {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly column: string;
}

export type Observed = { readonly atMs: number } & (
  | { readonly kind: 'cards'; readonly changed: readonly Card[]; readonly gone: readonly string[] }
  /** Orders with more than one card when a frame was painted. */
  | { readonly kind: 'doubles'; readonly ids: readonly string[] }
  /** The person at the page became this viewer; undefined: no one is signed in. */
  | { readonly kind: 'viewer'; readonly viewer: string | undefined }
  /** A frame of a subscription; `subject` is that of the token of its connection, `type` e.g. UPDATE. */
  | { readonly kind: 'frame'; readonly subject: string; readonly type: string }
  | { readonly kind: 'request'; readonly operation: string; readonly key: string }
  | { readonly kind: 'answer'; readonly subject: string; readonly operation: string }
  /** An answer over HTTP with errors. */
  | { readonly kind: 'errors'; readonly codes: readonly string[]; readonly message: string }
  | { readonly kind: 'connection'; readonly status: string }
  /** An unhandled rejection or an uncaught error. */
  | { readonly kind: 'failure'; readonly message: string }
);

/** What the screen shows of a column. */
export interface ShownColumn {
  readonly name: string;
  readonly cards: readonly Card[];
  readonly hasMore: boolean;
}

export interface ShownBoard {
  /** Status of the live lists. */
  readonly state: string | undefined;
  readonly columns: readonly ShownColumn[];
  /** By status, and `all`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Number of commands that wait to be sent. */
  readonly queued: number | undefined;
  readonly refusals: readonly { readonly orderId: string; readonly text: string }[];
}
