import { frames, session } from '../client.ts';
import { followLog } from '../follow-log.ts';
import type { OrderFrame } from '../frame-record.ts';
import {
  CustomerHeadDocument,
  EventsSinceDocument,
  type EventsSinceSubscription,
  FreshOrdersDocument,
  FreshOwnOrdersDocument,
  StaffHeadDocument,
} from '../generated/graphql.ts';
import { askServer } from './ask-server.ts';
import { type CatchUp, countCatchUp, type OrderState, type OrderVersion } from './count-catch-up.ts';

export interface CutReport extends CatchUp {
  /** Frames of orders that had arrived when the board had caught up. Several events of one order may come as one frame. */
  readonly updates: number;
  /** From the return until the board showed everything that the log had then. */
  readonly ms: number;
  /** Events of orders in the log between the cut and the return; undefined for customers, who may not read the log. */
  readonly events: number | undefined;
  /** Number of cards that were compared with a fresh query. */
  readonly compared: number;
}

/** What the board shows now. */
export interface ShownBoard {
  readonly position: string | undefined;
  readonly cards: readonly OrderState[];
}

/** The board has this long to catch up, ms: longer than any reconnect. */
const patienceMs = 30_000;
/** Most ids that one query takes. */
const mostIds = 100;
/** Most cards that are compared: those that changed come first. */
const mostCompared = 500;
/**
 * What has not arrived after this time counts as lost, ms. It is long, because a busy machine must not look like a loss;
 * it is waited only if something is missing.
 */
const settleMs = 15_000;

/** The newest version of each order that frames have brought to this page. */
const delivered = new Map<string, number>();
frames.onOrder(({ orderId, version }) => {
  delivered.set(orderId, Math.max(version, delivered.get(orderId) ?? 0));
});

/**
 * Connects again after a cut, and holds what arrives against the log and against a fresh query.
 * @param options.cutAt the position that the board had reached when it was cut
 * @param options.isFiltered whether changes may be left out because they do not match
 * @throws OperationError if a query fails; Error if the board does not catch up in time
 */
export async function checkReturn(options: {
  readonly cutAt: string;
  readonly isStaff: boolean;
  readonly isFiltered: boolean;
  readonly shown: () => ShownBoard;
}): Promise<CutReport> {
  const { cutAt, isStaff, isFiltered, shown } = options;
  const before = new Map(delivered);
  const arrived: OrderFrame[] = [];
  const stop = frames.onOrder(frame => arrived.push(frame));
  const startMs = performance.now();
  try {
    session.resume();
    const head = await readHead(isStaff);
    const ms = (await until(() => (shown().position ?? '') >= head)) - startMs;
    const updates = arrived.length;
    const events = isStaff ? await readOrderEvents(cutAt, head) : undefined;
    const changed = new Set([...(events ?? []), ...arrived].map(({ orderId }) => orderId));
    const fresh = await readFresh(idsToCompare(changed, shown().cards), isStaff, head);
    const count = () =>
      countCatchUp({ before, frames: arrived, events: isFiltered ? [] : (events ?? []), fresh, cards: shown().cards });
    // An order that has changed again since comes with its newer state only, a moment later: that is not lost.
    await until(() => count().lost === 0, settleMs).catch(() => undefined);
    return { ...count(), updates, ms, events: events?.length, compared: fresh.length };
  } finally {
    stop();
  }
}

/** The changed orders first, then the other cards. */
function idsToCompare(changed: ReadonlySet<string>, cards: readonly OrderState[]): string[] {
  const ids = cards.map(({ id }) => id);
  const sorted = [...ids.filter(id => changed.has(id)), ...ids.filter(id => !changed.has(id))];
  return sorted.slice(0, mostCompared);
}

async function readHead(isStaff: boolean): Promise<string> {
  if (isStaff) return (await askServer(StaffHeadDocument, {})).orders?.position ?? '';
  return (await askServer(CustomerHeadDocument, {})).viewer.customer?.orders?.position ?? '';
}

async function readFresh(ids: readonly string[], isStaff: boolean, atLeast: string): Promise<OrderState[]> {
  const fresh: OrderState[] = [];
  for (let from = 0; from < ids.length; from += mostIds) {
    const page = ids.slice(from, from + mostIds);
    if (isStaff) {
      fresh.push(...(await askServer(FreshOrdersDocument, { ids: page, atLeast })).nodes.filter(isOrder));
    } else {
      fresh.push(...(await askServer(FreshOwnOrdersDocument, { ids: page })).nodes.filter(isOrder));
    }
  }
  return fresh;
}

function isOrder<Node>(node: Node): node is Node & OrderState {
  return typeof node === 'object' && node !== null && 'status' in node;
}

/** The events of orders in the log after one position, up to another one. One that cannot be read has no frame either. */
function readOrderEvents(after: string, to: string): Promise<OrderVersion[]> {
  return new Promise((resolve, reject) => {
    const events: OrderVersion[] = [];
    if (to <= after) {
      resolve(events);
      return;
    }
    const reached = (position: string) => {
      if (position < to) return;
      end();
      resolve(events);
    };
    const end = followLog<EventsSinceSubscription>(EventsSinceDocument, after, {
      next({ eventsAppended: event }) {
        if (event.position <= to && event.streamType === 'order') {
          events.push({ orderId: event.streamId, version: event.version });
        }
        reached(event.position);
      },
      damaged({ position }) {
        reached(position);
      },
      error: reject,
    });
  });
}

/** @returns `performance.now()` when the condition was first met @throws Error if it is not met in time */
async function until(isMet: () => boolean, mostMs = patienceMs): Promise<number> {
  const startMs = performance.now();
  while (!isMet()) {
    if (performance.now() - startMs > mostMs)
      throw new Error(`The board has not caught up within ${mostMs / 1_000} s.`);
    await new Promise(resolve => setTimeout(resolve, 8));
  }
  return performance.now();
}
