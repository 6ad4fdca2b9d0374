/** How much a run measures. */
export interface Scale {
  /** Of each side; they take turns. */
  readonly turns: number;
  /** Of load a turn. */
  readonly seconds: number;
  /** Orders that are asked for. */
  readonly orders: number;
  /** Times one thing after the other is done, where what counts is how long it takes. */
  readonly samples: number;
  /** Events of the order that is long. */
  readonly hotEvents: number;
  /** Processes that are started to meet it cold. */
  readonly starts: number;
  /** Sockets that watch one order, from few to many. */
  readonly sockets: readonly number[];
  /** Orders that are watched by a socket each. */
  readonly watchedOrders: number;
  /** Events in the log, from small to large. */
  readonly logSizes: readonly number[];
}

/** To see that the benches work. Its figures mean nothing. */
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

/** What the project's proof runs. */
export const full: Scale = { ...usual, turns: 7, sockets: [1_000, 10_000], logSizes: [10_000, 100_000, 1_000_000] };
