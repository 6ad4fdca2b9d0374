import { GraphQLError } from 'graphql';
import type { ErrorCode } from './error-codes.ts';

/** An error that its caller may see as it is. */
export function codedError(
  code: ErrorCode,
  message: string,
  extensions?: Readonly<Record<string, unknown>>,
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/** One message for whatever is wrong with a token, so that it tells nothing about tokens. */
export function unauthenticated(): GraphQLError {
  return codedError('UNAUTHENTICATED', 'This needs a valid token.');
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
