import { createHash } from 'node:crypto';
import type { RedisCounters } from './redis-counters.ts';

/** Redis gets a hash: names of staff and IP addresses are personal data. */
function hashOfCaller(caller: string): string {
  return createHash('sha256').update(caller).digest('base64url').slice(0, 22);
}

/** Window in which operations are counted. A burst may use all of it at once. */
const windowMs = 10_000;
/** How often nodes exchange their counts. */
const exchangeIntervalMs = 250;
/**
 * A node shares the count of a caller only from this part of the limit on. With more than 16 nodes, a caller can
 * therefore exceed the limit a little.
 */
const minSharedFraction = 1 / 16;
/**
 * Callers counted at the same time. Beyond it all counts restart at zero: this lets more operations through, but
 * bounds the memory.
 */
const maxCallers = 100_000;

/** A caller, by role and subject, or an IP address. */
export interface Counted<Kind extends string> {
  readonly role: Kind;
  readonly subject: string;
}

interface Count {
  readonly limit: number;
  /** Operations counted on this node. */
  taken: number;
  /** How many of them were added to the shared counter. */
  reported: number;
  /** Operations that other nodes have counted, as of the last exchange. */
  onOtherNodes: number;
}

export interface RateLimiter<Kind extends string> {
  /**
   * Counts operations of a caller.
   * @param operations more than 1 for work that takes as long as several operations
   * @returns undefined if the operations are allowed; otherwise the limit, and when to retry
   */
  take(
    caller: Counted<Kind>,
    operations?: number,
  ): { readonly perSecond: number; readonly retryAfterSeconds: number } | undefined;
  close(): void;
}

/**
 * Counts operations per caller, in memory: a check needs no network, so Redis does not affect latency. Nodes add up
 * their counts through Redis four times a second; without Redis each node counts for itself.
 * @param rates operations per second for each kind of caller, averaged over ten seconds
 */
export function openRateLimiter<Kind extends string>(
  rates: Readonly<Record<Kind, number>>,
  shared: RedisCounters | undefined,
): RateLimiter<Kind> {
  let counts = new Map<string, Count>();
  let window = Math.floor(Date.now() / windowMs);

  function current(): Map<string, Count> {
    const now = Math.floor(Date.now() / windowMs);
    if (now !== window || counts.size > maxCallers) [window, counts] = [now, new Map<string, Count>()];
    return counts;
  }

  async function exchange(counters: RedisCounters): Promise<void> {
    const exchangedWindow = window;
    const heavy = [...current()].filter(
      ([, count]) => count.taken > count.reported && count.taken >= count.limit * minSharedFraction,
    );
    const increments = heavy.map(([caller, { taken, reported }]) => ({
      key: `${exchangedWindow}:${hashOfCaller(caller)}`,
      by: taken - reported,
    }));
    const totals = await counters.add(increments, (2 * windowMs) / 1000);
    heavy.forEach(([, count], index) => {
      const total = totals?.[index];
      if (total === undefined) return;
      count.reported += increments[index]?.by ?? 0;
      count.onOtherNodes = Math.max(0, total - count.reported);
    });
  }

  let exchanging = false;
  const timer = setInterval(() => {
    if (!shared || exchanging) return;
    exchanging = true;
    void exchange(shared).finally(() => {
      exchanging = false;
    });
  }, exchangeIntervalMs);

  return {
    take({ role, subject }, operations = 1) {
      const perSecond = rates[role];
      const counted = current();
      const caller = `${role}:${subject}`;
      let count = counted.get(caller);
      if (!count) {
        count = { limit: (perSecond * windowMs) / 1000, taken: 0, reported: 0, onOtherNodes: 0 };
        counted.set(caller, count);
      }
      if (count.taken + count.onOtherNodes >= count.limit) {
        return { perSecond, retryAfterSeconds: Math.ceil(((window + 1) * windowMs - Date.now()) / 1000) };
      }
      // A single call counts at most half of the limit: a call that exceeds the whole limit could never succeed.
      count.taken += Math.min(operations, Math.ceil(count.limit / 2));
      return undefined;
    },
    close() {
      clearInterval(timer);
    },
  };
}
