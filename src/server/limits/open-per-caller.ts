import type { DocumentNode } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { limitExceeded } from '../../graphql/coded-error.ts';
import { trackHeldDocuments, maximumWeight, type HeldDocument } from './held-documents.ts';

/** Sockets that one caller may have open on this node. */
export const maximumSockets = 1_000;
/** Subscriptions that one caller may have open on this node, over sockets and event streams together. */
export const maximumSubscriptions = 2_000;

/** Sockets from one address that have not said yet whose they are. */
export const maximumUnauthenticatedSockets = 1_000;

/** What each caller has open: nobody may take a node for themself. */
export interface OpenPerCaller {
  /** @returns ends it, and may be called again; undefined where there are as many as there may be */
  openStranger(address: string): (() => void) | undefined;
  /** @returns ends it; undefined where they have as many as they may */
  openSocket(caller: Actor): (() => void) | undefined;
  /** @throws LIMIT_EXCEEDED */
  openSubscription(caller: Actor | undefined, document: DocumentNode): HeldDocument;
}

/** @param refused told by which limit somebody was */
export function trackOpenPerCaller(refused: (limit: string) => void = () => undefined): OpenPerCaller {
  const sockets = new Map<string, number>();
  const subscriptions = new Map<string, number>();
  const strangers = new Map<string, number>();
  const keep = trackHeldDocuments();

  function orRefused<End>(end: End | undefined, limit: string): End | undefined {
    if (end === undefined) refused(limit);
    return end;
  }

  return {
    openStranger: address => orRefused(counted(strangers, address, maximumUnauthenticatedSockets), 'strangers'),
    openSocket: caller => orRefused(counted(sockets, keyOf(caller), maximumSockets), 'sockets'),
    openSubscription(caller, document) {
      // Who is nobody in particular is refused by each field's rule.
      if (caller === undefined) return { document, end: () => undefined };
      const uncount = orRefused(counted(subscriptions, keyOf(caller), maximumSubscriptions), 'subscriptions');
      if (!uncount) {
        throw limitExceeded(`A caller has at most ${maximumSubscriptions} subscriptions open.`, maximumSubscriptions);
      }
      const kept = orRefused(keep(keyOf(caller), document), 'documents');
      if (!kept) {
        uncount();
        throw limitExceeded(
          `A caller's open subscriptions have documents of at most ${maximumWeight} tokens.`,
          maximumWeight,
        );
      }
      return {
        document: kept.document,
        end() {
          uncount();
          kept.end();
        },
      };
    },
  };
}

function keyOf({ role, subject }: Actor): string {
  return `${role} ${subject}`;
}

function counted(counts: Map<string, number>, key: string, most: number): (() => void) | undefined {
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
