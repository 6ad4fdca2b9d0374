import type { DocumentNode } from 'graphql';

/**
 * What a document takes in memory, in tokens: one takes up to 500 bytes, with its node and where it stood; and a long text
 * as many as its letters fill, since its document keeps it.
 */
export function documentWeight({ tokenCount = 1 }: DocumentNode, text: string): number {
  return tokenCount + Math.ceil(text.length / 250);
}
