/** Limits for one caller. None can be switched off; each error names the limit that was exceeded. */
export interface Limits {
  /** Bytes of a request body. */
  readonly bodyBytes: number;
  /** Tokens of a document. */
  readonly tokens: number;
  /** Levels of nested fields. */
  readonly depth: number;
  /** Aliases of an operation; those in a fragment count each time the fragment is spread. */
  readonly aliases: number;
  /** Cost of an operation; see server/limits/cost.ts. */
  readonly cost: number;
  /** Operations per second of one customer, averaged over ten seconds. */
  readonly customerRate: number;
  /** The same for one staff member. Programs use staff tokens, so it is high. */
  readonly staffRate: number;
  /** The same for the requests without a valid token from one address. */
  readonly addressRate: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 1_000_000,
  tokens: 2_000,
  depth: 20,
  aliases: 50,
  cost: 25_000,
  customerRate: 100,
  staffRate: 20_000,
  addressRate: 100,
};
