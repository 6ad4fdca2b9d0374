import type { DocumentNode } from 'graphql';

/**
 * Estimates the memory that a document takes, in tokens. A token takes up to 500 bytes, with its node and location.
 * The text counts one token per 250 characters, since the document retains its text.
 */
export function documentWeight({ tokenCount = 1 }: DocumentNode, text: string): number {
  return tokenCount + Math.ceil(text.length / 250);
}
