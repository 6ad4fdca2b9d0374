import { GraphQLError } from 'graphql';
import { type ErrorCode, isErrorCode } from './error-codes.ts';

/** An error whose code and message are sent to the caller unchanged. */
export function codedError(
  code: ErrorCode,
  message: string,
  extensions?: Readonly<Record<string, unknown>>,
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/**
 * @param reason what is wrong with the token; not set in production, because it would help attackers to forge tokens
 */
export function unauthenticated(reason?: string): GraphQLError {
  return codedError(
    'UNAUTHENTICATED',
    reason === undefined ? 'This needs a valid token.' : `This needs a valid token: ${reason}`,
  );
}

export function isUnauthenticated(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.extensions['code'] === 'UNAUTHENTICATED';
}

/**
 * @param limit in the unit that the message names
 * @param extensions more facts for programs, for instance the name of the limit and the requested amount
 */
export function limitExceeded(message: string, limit: number, extensions: object = {}): GraphQLError {
  return codedError('LIMIT_EXCEEDED', message, { ...extensions, limit });
}

export function badInput(message: string): GraphQLError {
  return codedError('BAD_USER_INPUT', message);
}

/**
 * The same error with a code, if it has none. The suggestions of graphql-js are removed, because they reveal names of
 * the schema.
 */
export function withCode(error: GraphQLError, code: ErrorCode): GraphQLError {
  if (isErrorCode(error.extensions['code'])) return error;
  const { nodes, source, positions, path } = error;
  const message = error.message.replace(/ Did you mean .*$/s, '');
  const places = { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
  return new GraphQLError(message, { ...places, extensions: { ...error.extensions, code } });
}
