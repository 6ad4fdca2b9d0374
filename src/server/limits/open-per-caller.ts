import type { DocumentNode } from 'graphql';
import type { Actor } from '../../commands/decider.ts';
import { limitExceeded } from '../../graphql/coded-error.ts';
import type { LimitName } from './limit-names.ts';
import { trackHeldDocuments, maximumWeight, type HeldDocument } from './held-documents.ts';

/** Sockets that one caller may have open on one node. */
export const maximumSockets = 1_000;
/** Subscriptions that one caller may have open on one node, over sockets and event streams together. */
export const maximumSubscriptions = 2_000;

/** Sockets from one address that have not authenticated yet. */
export const maximumUnauthenticatedSockets = 1_000;

/** Limits what each caller has open, so that no caller can exhaust a node. */
export interface OpenPerCaller {
  /**
   * Counts a socket that has not authenticated yet.
   * @returns releases it (idempotent); undefined if the limit is reached
   */
  openStranger(address: string): (() => void) | undefined;
  /** @returns releases it (idempotent); undefined if the limit is reached */
  openSocket(caller: Actor): (() => void) | undefined;
  /** @throws LIMIT_EXCEEDED if the caller has too many subscriptions, or their documents are too large */
  openSubscription(caller: Actor | undefined, document: DocumentNode): HeldDocument;
}

/** @param refused called with the name of a limit that was reached, if no operation is answered with it */
export function trackOpenPerCaller(refused: (limit: LimitName) => void = () => undefined): OpenPerCaller {
  const sockets = new Map<string, number>();
  const subscriptions = new Map<string, number>();
  const unauthenticated = new Map<string, number>();
  const holdDocument = trackHeldDocuments();

  function reportIfRefused<End>(end: End | undefined, limit: LimitName): End | undefined {
    if (end === undefined) refused(limit);
    return end;
  }

  return {
    openStranger: address =>
      reportIfRefused(increment(unauthenticated, address, maximumUnauthenticatedSockets), 'strangers'),
    openSocket: caller => reportIfRefused(increment(sockets, keyOf(caller), maximumSockets), 'sockets'),
    openSubscription(caller, document) {
      // A caller without a token is not counted: the authorization of each field rejects the request.
      if (caller === undefined) return { document, end: () => undefined };
      const uncount = increment(subscriptions, keyOf(caller), maximumSubscriptions);
      if (!uncount) {
        const message = `A caller has at most ${maximumSubscriptions} open subscriptions.`;
        throw limitExceeded(message, maximumSubscriptions, { name: 'subscriptions' });
      }
      const held = holdDocument(keyOf(caller), document);
      if (!held) {
        uncount();
        throw limitExceeded(
          `The documents of a caller's open subscriptions have at most ${maximumWeight} tokens together.`,
          maximumWeight,
          { name: 'documents' },
        );
      }
      return {
        document: held.document,
        end() {
          uncount();
          held.end();
        },
      };
    },
  };
}

function keyOf({ role, subject }: Actor): string {
  return `${role} ${subject}`;
}

function increment(counts: Map<string, number>, key: string, max: number): (() => void) | undefined {
  const open = counts.get(key) ?? 0;
  if (open >= max) return undefined;
  counts.set(key, open + 1);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    const remaining = (counts.get(key) ?? 1) - 1;
    if (remaining === 0) counts.delete(key);
    else counts.set(key, remaining);
  };
}
