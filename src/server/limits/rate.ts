import { createHash } from 'node:crypto';
import type { RedisCounters } from './redis-counters.ts';

/** Names of staff and addresses have no business in Redis. */
function nameless(caller: string): string {
  return createHash('sha256').update(caller).digest('base64url').slice(0, 22);
}

/** What is counted together, ms: a burst may use it up at once. */
const windowLength = 10_000;
/** How often nodes tell each other what they have counted, ms. */
const exchangeInterval = 250;
/** Only callers that have used up this part of their rate on one node are told of: more nodes than that share loosely. */
const worthTelling = 1 / 16;
/** Callers that are counted at once; beyond it the window begins anew, which lets more through but holds no more. */
const mostCallers = 100_000;

/** Who is counted: somebody with a token, by their role, or an address. */
export interface Counted<Kind extends string> {
  readonly role: Kind;
  readonly subject: string;
}

interface Count {
  readonly limit: number;
  taken: number;
  told: number;
  /** By other nodes, as far as is known here. */
  elsewhere: number;
}

export interface RateLimiter<Kind extends string> {
  /** Counts one operation, or what is as much work as so many. @returns undefined, or what was exceeded and when to come again */
  take(
    caller: Counted<Kind>,
    operations?: number,
  ): { readonly perSecond: number; readonly retryAfterSeconds: number } | undefined;
  close(): void;
}

/**
 * Counts operations by caller, here and now: nothing is asked over the network, and whether Redis answers changes
 * nobody's latency. Nodes add up what they have counted four times a second; without Redis each counts for itself.
 * @param rates operations a second and caller, on average over ten seconds
 */
export function openRateLimiter<Kind extends string>(
  rates: Readonly<Record<Kind, number>>,
  shared: RedisCounters | undefined,
): RateLimiter<Kind> {
  let counts = new Map<string, Count>();
  let window = Math.floor(Date.now() / windowLength);

  function current(): Map<string, Count> {
    const now = Math.floor(Date.now() / windowLength);
    if (now !== window || counts.size > mostCallers) [window, counts] = [now, new Map<string, Count>()];
    return counts;
  }

  async function exchange(sharing: RedisCounters): Promise<void> {
    const exchanged = window;
    const heavy = [...current()].filter(([, one]) => one.taken > one.told && one.taken >= one.limit * worthTelling);
    const news = heavy.map(([caller, { taken, told }]) => ({
      key: `${exchanged}:${nameless(caller)}`,
      more: taken - told,
    }));
    const totals = await sharing.add(news, (2 * windowLength) / 1000);
    heavy.forEach(([, one], index) => {
      const total = totals?.[index];
      if (total === undefined) return;
      one.told += news[index]?.more ?? 0;
      one.elsewhere = Math.max(0, total - one.told);
    });
  }

  let exchanging = false;
  const timer = setInterval(() => {
    if (!shared || exchanging) return;
    exchanging = true;
    void exchange(shared).finally(() => {
      exchanging = false;
    });
  }, exchangeInterval);

  return {
    take({ role, subject }, operations = 1) {
      const perSecond = rates[role];
      const counted = current();
      const caller = `${role}:${subject}`;
      let one = counted.get(caller);
      if (!one) {
        one = { limit: (perSecond * windowLength) / 1000, taken: 0, told: 0, elsewhere: 0 };
        counted.set(caller, one);
      }
      if (one.taken + one.elsewhere >= one.limit) {
        return { perSecond, retryAfterSeconds: Math.ceil(((window + 1) * windowLength - Date.now()) / 1000) };
      }
      // However much it is: more than they ever have could never be asked.
      one.taken += Math.min(operations, Math.ceil(one.limit / 2));
      return undefined;
    },
    close() {
      clearInterval(timer);
    },
  };
}
