import { type DocumentNode, print } from 'graphql';
import { documentWeight } from './document-weight.ts';

/** What the documents of one caller's open subscriptions may weigh, each once. */
export const maximumWeight = 20_000;

/** A document that an open subscription has. */
export interface HeldDocument {
  /** The same for all who sent the same text: they may share what they are told. */
  readonly document: DocumentNode;
  /** May be called again. */
  readonly end: () => void;
}

interface Kept {
  readonly document: DocumentNode;
  readonly weight: number;
  /** How many subscriptions of each caller have it. */
  readonly callers: Map<string, number>;
}

/**
 * The documents that open subscriptions keep in memory, each text once: a cache forgets one that is still in use, and the
 * same text parsed again would be another one.
 * @returns opens one for a caller; undefined where theirs would weigh too much
 */
export function trackHeldDocuments(): (caller: string, document: DocumentNode) => HeldDocument | undefined {
  const byText = new Map<string, Kept>();
  const weights = new Map<string, number>();

  return (caller, document) => {
    const text = document.loc?.source.body ?? print(document);
    const kept = byText.get(text) ?? {
      document,
      weight: documentWeight(document, text),
      callers: new Map<string, number>(),
    };
    const { callers, weight } = kept;
    const before = callers.get(caller) ?? 0;
    if (before === 0) {
      const all = (weights.get(caller) ?? 0) + weight;
      if (all > maximumWeight) return undefined;
      weights.set(caller, all);
    }
    callers.set(caller, before + 1);
    byText.set(text, kept);

    let ended = false;
    function end(): void {
      if (ended) return;
      ended = true;
      const left = (callers.get(caller) ?? 0) - 1;
      if (left > 0) {
        callers.set(caller, left);
        return;
      }
      callers.delete(caller);
      if (callers.size === 0) byText.delete(text);
      const others = (weights.get(caller) ?? 0) - weight;
      if (others > 0) weights.set(caller, others);
      else weights.delete(caller);
    }
    return { document: kept.document, end };
  };
}
