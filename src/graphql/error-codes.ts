/** The closed catalogue: every error outside a result union carries one of these as `extensions.code`. */
export const errorCodes = {
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  BAD_USER_INPUT: 'A variable, an argument or the request itself is malformed.',
  NOT_ACCEPTABLE: 'The response can not be sent as any type that `Accept` names; nothing was executed.',
  UNAUTHENTICATED: 'There is no valid token: sign in, or get a new one.',
  FORBIDDEN: 'The viewer may not ask for this.',
  NOT_FOUND: "What a subscription is about does not exist or is not the viewer's.",
  VIEW_LAGGING: 'The read model did not reach `atLeast` in time: ask again.',
  VIEW_PARKED: 'The read model can not reach `atLeast`: an operator has to look at this stream.',
  STALE_POSITION: 'The position is of another log: drop it and ask without.',
  OUTCOME_UNKNOWN: 'The command may or may not be stored: repeat it with its idempotency key.',
  LIMIT_EXCEEDED: 'The request exceeds a limit, which the message names.',
  RATE_LIMITED: 'Too many requests: ask later.',
  UNAVAILABLE: 'Something that the answer needs can not be reached now; nothing was stored: ask again.',
  READ_ONLY: 'This server takes no commands: nothing was stored, and the same node will refuse it again.',
  INTERNAL: "A fault of the server's, logged under `extensions.id`.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}
