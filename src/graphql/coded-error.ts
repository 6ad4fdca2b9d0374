import { GraphQLError } from 'graphql';
import { type ErrorCode, isErrorCode } from './error-codes.ts';

/** An error that its caller may see as it is. */
export function codedError(
  code: ErrorCode,
  message: string,
  extensions?: Readonly<Record<string, unknown>>,
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/** @param why what is wrong with the token; in production left out, since it would tell attackers how tokens are made */
export function unauthenticated(why?: string): GraphQLError {
  return codedError(
    'UNAUTHENTICATED',
    why === undefined ? 'This needs a valid token.' : `This needs a valid token: ${why}`,
  );
}

export function isUnauthenticated(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.extensions['code'] === 'UNAUTHENTICATED';
}

/** `limit` in the unit that the message says. @param more its name, and what was asked for, where a program may want to know */
export function limitExceeded(message: string, limit: number, more: object = {}): GraphQLError {
  return codedError('LIMIT_EXCEEDED', message, { ...more, limit });
}

export function badInput(message: string): GraphQLError {
  return codedError('BAD_USER_INPUT', message);
}

/** The same error with a code, if it has none; suggestions of graphql-js are cut, because they reveal names of the schema. */
export function withCode(error: GraphQLError, code: ErrorCode): GraphQLError {
  if (isErrorCode(error.extensions['code'])) return error;
  const { nodes, source, positions, path } = error;
  const message = error.message.replace(/ Did you mean .*$/s, '');
  const places = { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
  return new GraphQLError(message, { ...places, extensions: { ...error.extensions, code } });
}
