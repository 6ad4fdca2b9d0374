import { type DocumentNode, GraphQLError, parse, type Source } from 'graphql';
import { limitExceeded, withCode } from '../../graphql/coded-error.ts';
import { checkDocument, type DocumentLimits } from './document-limits.ts';
import { isErrorCode } from '../../graphql/error-codes.ts';

/** Characters allowed per token of the token limit. For comparison: the name of a person has about 10. */
const charactersPerToken = 32;

/**
 * Parses a document and checks its limits. Some validation rules take time that is quadratic in the number of tokens,
 * so limits come before validation.
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
    // graphql-js has no code for this error, only its message; a test fails if the message changes.
    if (error.message.includes(`more that ${tokens} tokens`)) {
      throw limitExceeded(`A document has at most ${tokens} tokens.`, tokens, { name: 'tokens' });
    }
    throw withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}

/**
 * Comments and empty lines are not tokens, so the token limit does not bound them: a megabyte takes 70 ms to parse
 * and 50 MB of memory, and each error computes its line from the start of the text.
 * @throws LIMIT_EXCEEDED
 */
function checkText(text: string, tokens: number): void {
  const characters = tokens * charactersPerToken;
  if (text.length > characters) {
    throw limitExceeded(`A document has at most ${characters} characters.`, characters, { name: 'characters' });
  }
  if (text.length <= tokens) return;
  const lines = 1 + (text.match(/\r\n?|\n/g)?.length ?? 0);
  if (lines > tokens) throw limitExceeded(`A document has at most ${tokens} lines.`, tokens, { name: 'lines' });
}
