/** The complete catalogue of error codes: every error outside a result union has one of them as `extensions.code`. */
export const errorCodes = {
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  BAD_USER_INPUT: 'A variable, an argument or the request itself is malformed.',
  NOT_ACCEPTABLE: 'The response cannot be sent in any of the types that `Accept` names. Nothing was executed.',
  UNAUTHENTICATED: 'The request has no valid token: sign in, or get a new token.',
  FORBIDDEN: 'The viewer may not do this.',
  NOT_FOUND: 'The object of a subscription does not exist, or the viewer may not see it.',
  VIEW_LAGGING: 'The read model did not reach `atLeast` in time: try again.',
  VIEW_PARKED: 'The read model cannot reach `atLeast`: an operator has to check this stream.',
  STALE_POSITION: 'The position is of another log: drop it and try again without it.',
  OUTCOME_UNKNOWN: 'It is unknown whether the command was stored: repeat it with its idempotency key.',
  LIMIT_EXCEEDED: 'The request exceeds a limit. The message names it.',
  RATE_LIMITED: 'Too many requests: try again later.',
  UNAVAILABLE: 'A service that the response needs cannot be reached now. Nothing was stored: try again.',
  READ_ONLY: 'This server takes no commands. Nothing was stored, and a repeat on the same node fails again.',
  INTERNAL: 'An internal error of the server. It is logged under `extensions.id`.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}
