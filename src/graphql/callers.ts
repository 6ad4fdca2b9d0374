import type { Actor } from '../commands/decider.ts';
import { limitExceeded } from './coded-error.ts';

/** Sockets that one caller may have open on this node. */
export const mostSockets = 1_000;
/** Subscriptions that one caller may have open on this node, over sockets and event streams together. */
export const mostSubscriptions = 2_000;

/** What each caller has open: nobody may take a node for themself. */
export interface Callers {
  /** @returns ends it; undefined where they have as many as they may */
  openSocket(caller: Actor): (() => void) | undefined;
  /**
   * @returns ends it
   * @throws LIMIT_EXCEEDED
   */
  openSubscription(caller: Actor | undefined): () => void;
}

export function openCallers(): Callers {
  const sockets = new Map<string, number>();
  const subscriptions = new Map<string, number>();
  return {
    openSocket: caller => counted(sockets, caller, mostSockets),
    openSubscription(caller) {
      // Who is nobody in particular is refused by each field's rule.
      if (caller === undefined) return () => undefined;
      const end = counted(subscriptions, caller, mostSubscriptions);
      if (end) return end;
      throw limitExceeded(`A caller has at most ${mostSubscriptions} subscriptions open.`, mostSubscriptions);
    },
  };
}

function counted(counts: Map<string, number>, { role, subject }: Actor, most: number): (() => void) | undefined {
  const key = `${role} ${subject}`;
  const open = counts.get(key) ?? 0;
  if (open >= most) return undefined;
  counts.set(key, open + 1);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  };
}
