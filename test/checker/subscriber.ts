import { setTimeout as sleep } from 'node:timers/promises';
import { clockToleranceSeconds } from '../../src/server/authentication/identity.ts';
import { token } from '../support/tokens.ts';
import { carry, type Carried } from './carry.ts';
import type { Connection, Observed, Watched } from './history.ts';
import { type Holding, openHolding } from './holding.ts';
import type { Random } from './random.ts';
import { askQuery } from './ask-query.ts';

/** One client for the whole run: it subscribes, records every payload, and reconnects whenever a node accepts it. */
export interface Subscriber extends Observed {
  readonly holding: Holding;
  /** Events that it has received of a feed. */
  readonly events: number;
  /** Reconnects with its position under the hash of another log. */
  forge(): void;
  stop(): Promise<void>;
}

/**
 * @param lifetime lifetime of its tokens, ms; it gets a new token for each connection
 * @param from position at which a feed starts; default: the start of the log
 */
export function startSubscriber(
  watched: Watched,
  { urls, random, lifetime, from = '' }: { urls: readonly string[]; random: Random; lifetime: number; from?: string },
): Subscriber {
  const connections: Connection[] = [];
  const holding = openHolding(watched);
  const isList = watched.kind === 'ordersUpdated' || watched.kind === 'customerOrdersUpdated';
  const state = { stopped: false, forged: false, events: 0, last: from };
  let carried: Carried | undefined;

  async function startPage(url: string, bearer: string) {
    // A list without a page, or after RESYNC, queries first; a list with a position resumes from it.
    if (!isList || (state.last !== '' && holding.valid)) return undefined;
    return askQuery(url, bearer, watched);
  }

  async function connect(): Promise<void> {
    const url = random.oneOf(urls);
    const expiresAt = (Math.floor(Date.now() / 1000) + Math.ceil(lifetime / 1000)) * 1000;
    const { role, subject: sub } = watched.viewer;
    const bearer = await token({ role, sub }, { expires: expiresAt / 1000 - clockToleranceSeconds });
    const page = await startPage(url, bearer);
    const from = page ? page.position : state.last;
    const foreign = state.forged && from !== '';
    const after = foreign ? otherHash(from) : from;
    carried = await carry(watched, url, bearer, after === '' ? undefined : after);
    if (foreign) state.forged = false;
    const connection: Connection = {
      after: after === '' ? undefined : after,
      foreign,
      page: page?.orders,
      expiresAt,
      received: [],
      endedAt: undefined,
    };
    connections.push(connection);
    if (state.stopped) carried.close();
    try {
      await receive(carried, connection);
    } finally {
      carried.close();
      connection.endedAt = Date.now();
    }
  }

  async function receive(from: Carried, connection: Connection): Promise<void> {
    for (;;) {
      const frame = await from.next();
      if (frame === undefined) return;
      connection.received.push(frame);
      if (connection.received.length === 1) holding.begin(connection);
      holding.take(frame);
      // After any failure it reconnects; a list without a page queries it first.
      if (frame.kind === 'ERROR') return;
      state.last = frame.position;
      if (frame.kind === 'EVENT') state.events++;
      if (!holding.valid) return;
    }
  }

  async function live(): Promise<void> {
    while (!state.stopped) {
      // A node that is down rejects; the next one may not.
      await connect().catch(() => undefined);
      await sleep(20 + random.next() * 60);
    }
  }

  const ended = live();
  return {
    ...watched,
    connections,
    holding,
    get events() {
      return state.events;
    },
    forge() {
      state.forged = true;
      carried?.close();
    },
    async stop() {
      state.stopped = true;
      carried?.close();
      await ended;
    },
  };
}

/** The same point with the hash of a log that never existed. */
function otherHash(position: string): string {
  const [point = '', hash = ''] = position.split('-');
  return `${point}-${[...hash].map(digit => (15 - Number.parseInt(digit, 16)).toString(16)).join('')}`;
}
