/** How much a run measures. */
export interface Scale {
  /** Turns of each side. */
  readonly turns: number;
  /** Seconds of load in a turn. */
  readonly seconds: number;
  /** Number of orders that are queried. */
  readonly orders: number;
  /** Repetitions of a single operation whose duration is measured. */
  readonly samples: number;
  /** Events of the long order. */
  readonly hotEvents: number;
  /** Number of fresh processes that meet the long order for the first time. */
  readonly starts: number;
  /** Numbers of sockets that watch one order, ascending. */
  readonly sockets: readonly number[];
  /** Number of orders that are watched by one socket each. */
  readonly watchedOrders: number;
  /** Numbers of events in the log, ascending. */
  readonly logSizes: readonly number[];
}

/** A short run that shows that the benches work. Its figures mean nothing. */
export const quick: Scale = {
  turns: 2,
  seconds: 1,
  orders: 2_000,
  samples: 40,
  hotEvents: 500,
  starts: 2,
  sockets: [200],
  watchedOrders: 200,
  logSizes: [2_000, 6_000],
};

export const usual: Scale = {
  turns: 5,
  seconds: 5,
  orders: 20_000,
  samples: 250,
  hotEvents: 10_000,
  starts: 9,
  sockets: [1_000],
  watchedOrders: 2_000,
  logSizes: [10_000, 100_000],
};

/** A long run, as the project's proof uses it. */
export const full: Scale = { ...usual, turns: 7, sockets: [1_000, 10_000], logSizes: [10_000, 100_000, 1_000_000] };
