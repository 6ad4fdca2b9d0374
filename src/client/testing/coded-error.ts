import { GraphQLError } from 'graphql';

/** The codes of errors outside result unions, as in the schema's enum ErrorCode. */
export type ErrorCode =
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'BAD_USER_INPUT'
  | 'NOT_ACCEPTABLE'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'VIEW_LAGGING'
  | 'VIEW_PARKED'
  | 'STALE_POSITION'
  | 'OUTCOME_UNKNOWN'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'READ_ONLY'
  | 'INTERNAL';

/** The status of an HTTP response without data. Of an error with another code it is 400. */
const statuses: { readonly [Code in ErrorCode]?: number } = {
  NOT_ACCEPTABLE: 406,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  VIEW_LAGGING: 503,
  VIEW_PARKED: 503,
  STALE_POSITION: 409,
  OUTCOME_UNKNOWN: 504,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  READ_ONLY: 403,
  INTERNAL: 500,
};

export function codedError(code: ErrorCode, message: string, extensions: object = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { ...extensions, code } });
}

/** The same error with a code. An error without one is the request's fault if it has no path, and ours if it has one. */
export function withCode(
  error: GraphQLError,
  code: ErrorCode = error.path ? 'INTERNAL' : 'BAD_USER_INPUT',
): GraphQLError {
  const known = error.extensions['code'] ?? (error.originalError as GraphQLError | undefined)?.extensions['code'];
  const { message, nodes, source, positions, path, originalError } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
    extensions: { ...error.extensions, code: known ?? code },
  });
}

export function statusOf(error: GraphQLError): number {
  return statuses[error.extensions['code'] as ErrorCode] ?? 400;
}
