import type { DocumentNode } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { limitExceeded } from '../../graphql/coded-error.ts';
import { keepDocuments, mostWeight, type OpenDocument } from './open-documents.ts';

/** Sockets that one caller may have open on this node. */
export const mostSockets = 1_000;
/** Subscriptions that one caller may have open on this node, over sockets and event streams together. */
export const mostSubscriptions = 2_000;

/** Sockets from one address that have not said yet whose they are. */
export const mostStrangers = 1_000;

/** What each caller has open: nobody may take a node for themself. */
export interface Callers {
  /** @returns ends it, and may be called again; undefined where there are as many as there may be */
  openStranger(address: string): (() => void) | undefined;
  /** @returns ends it; undefined where they have as many as they may */
  openSocket(caller: Actor): (() => void) | undefined;
  /** @throws LIMIT_EXCEEDED */
  openSubscription(caller: Actor | undefined, document: DocumentNode): OpenDocument;
}

/** @param refused told by which limit somebody was */
export function openCallers(refused: (limit: string) => void = () => undefined): Callers {
  const sockets = new Map<string, number>();
  const subscriptions = new Map<string, number>();
  const strangers = new Map<string, number>();
  const keep = keepDocuments();

  function orRefused<End>(end: End | undefined, limit: string): End | undefined {
    if (end === undefined) refused(limit);
    return end;
  }

  return {
    openStranger: address => orRefused(counted(strangers, address, mostStrangers), 'strangers'),
    openSocket: caller => orRefused(counted(sockets, keyOf(caller), mostSockets), 'sockets'),
    openSubscription(caller, document) {
      // Who is nobody in particular is refused by each field's rule.
      if (caller === undefined) return { document, end: () => undefined };
      const uncount = orRefused(counted(subscriptions, keyOf(caller), mostSubscriptions), 'subscriptions');
      if (!uncount) {
        throw limitExceeded(`A caller has at most ${mostSubscriptions} subscriptions open.`, mostSubscriptions);
      }
      const kept = orRefused(keep(keyOf(caller), document), 'documents');
      if (!kept) {
        uncount();
        throw limitExceeded(
          `A caller's open subscriptions have documents of at most ${mostWeight} tokens.`,
          mostWeight,
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
