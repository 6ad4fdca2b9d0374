import { type DocumentNode, GraphQLError, parse, type Source } from 'graphql';
import { limitExceeded, withCode } from '../../graphql/coded-error.ts';
import { checkDocument, type DocumentLimits } from './document-limits.ts';
import { isErrorCode } from '../../graphql/error-codes.ts';

/** Characters for each token that a document may have. Names of people have 10. */
const charactersAToken = 32;

/**
 * Some rules of validation take time that grows with the square of a document's tokens: so limits come first.
 * @throws GRAPHQL_PARSE_FAILED, LIMIT_EXCEEDED
 */
export function parseDocument(source: string | Source, limits: DocumentLimits): DocumentNode {
  const { tokens } = limits;
  checkText(typeof source === 'string' ? source : source.body, tokens);
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

/**
 * Comments and empty lines are no tokens: a megabyte of them takes 70 ms to read and 50 MB to keep, and each error looks
 * for its line from the start of the text.
 * @throws LIMIT_EXCEEDED
 */
function checkText(text: string, tokens: number): void {
  const characters = tokens * charactersAToken;
  if (text.length > characters) {
    throw limitExceeded(`A document has at most ${characters} characters.`, characters, { name: 'characters' });
  }
  if (text.length <= tokens) return;
  const lines = 1 + (text.match(/\r\n?|\n/g)?.length ?? 0);
  if (lines > tokens) throw limitExceeded(`A document has at most ${tokens} lines.`, tokens, { name: 'lines' });
}
