import { type DocumentNode, GraphQLError, parse, type Source } from 'graphql';
import { limitExceeded } from './coded-error.ts';
import { checkDocument, type DocumentLimits } from './document-limits.ts';
import { isErrorCode } from './error-codes.ts';
import { withCode } from './present-error.ts';

/**
 * Some rules of validation take time that grows with the square of a document's tokens: so limits come first.
 * @throws GRAPHQL_PARSE_FAILED, LIMIT_EXCEEDED
 */
export function parseDocument(source: string | Source, limits: DocumentLimits): DocumentNode {
  const { tokens } = limits;
  try {
    const document = parse(source, { maxTokens: tokens });
    checkDocument(document, limits);
    return document;
  } catch (error) {
    if (!(error instanceof GraphQLError) || isErrorCode(error.extensions['code'])) throw error;
    // graphql-js has no other mark for it; a test holds these words.
    if (error.message.includes(`more that ${tokens} tokens`)) {
      throw limitExceeded(`A document has at most ${tokens} tokens.`, tokens, { name: 'tokens' });
    }
    throw withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}
