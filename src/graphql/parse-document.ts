import { type DocumentNode, GraphQLError, parse, type Source } from 'graphql';
import { limitExceeded } from './coded-error.ts';
import { withCode } from './present-error.ts';

/** Some rules of validation take time that grows with the square of a document's tokens. */
const maximumTokens = 2_000;

/** @throws GRAPHQL_PARSE_FAILED, LIMIT_EXCEEDED */
export function parseDocument(source: string | Source): DocumentNode {
  try {
    return parse(source, { maxTokens: maximumTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // graphql-js has no other mark for it; a test holds these words.
    if (error.message.includes(`more that ${maximumTokens} tokens`)) {
      throw limitExceeded(`A document has at most ${maximumTokens} tokens.`, maximumTokens);
    }
    throw withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}
