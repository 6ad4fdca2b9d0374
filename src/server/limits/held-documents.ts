import { type DocumentNode, print } from 'graphql';
import { documentWeight } from './document-weight.ts';

/** Total weight of the documents of one caller's open subscriptions; each document counts once. */
export const maximumWeight = 20_000;

/** A document that an open subscription retains. */
export interface HeldDocument {
  /** One object for all subscriptions with the same text, so that they can share frames. */
  readonly document: DocumentNode;
  /** Idempotent. */
  readonly end: () => void;
}

interface Entry {
  readonly document: DocumentNode;
  readonly weight: number;
  /** Number of subscriptions per caller. */
  readonly callers: Map<string, number>;
}

/**
 * Tracks the documents of open subscriptions, each text once. The parser's cache is not enough: it may evict a
 * document that is in use, and parsing the same text again would give a second object.
 * @returns a function that retains a document for a caller; its result is undefined if the caller would exceed the
 * maximum weight
 */
export function trackHeldDocuments(): (caller: string, document: DocumentNode) => HeldDocument | undefined {
  const byText = new Map<string, Entry>();
  const weights = new Map<string, number>();

  return (caller, document) => {
    const text = document.loc?.source.body ?? print(document);
    const entry = byText.get(text) ?? {
      document,
      weight: documentWeight(document, text),
      callers: new Map<string, number>(),
    };
    const { callers, weight } = entry;
    const before = callers.get(caller) ?? 0;
    if (before === 0) {
      const total = (weights.get(caller) ?? 0) + weight;
      if (total > maximumWeight) return undefined;
      weights.set(caller, total);
    }
    callers.set(caller, before + 1);
    byText.set(text, entry);

    let ended = false;
    function end(): void {
      if (ended) return;
      ended = true;
      const remaining = (callers.get(caller) ?? 0) - 1;
      if (remaining > 0) {
        callers.set(caller, remaining);
        return;
      }
      callers.delete(caller);
      if (callers.size === 0) byText.delete(text);
      const otherWeight = (weights.get(caller) ?? 0) - weight;
      if (otherWeight > 0) weights.set(caller, otherWeight);
      else weights.delete(caller);
    }
    return { document: entry.document, end };
  };
}
