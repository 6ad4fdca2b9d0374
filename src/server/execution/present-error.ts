import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorOptions, Kind } from 'graphql';
import { ForbiddenCommandError } from '../../commands/command-bus.ts';
import { OutcomeUnknownError, ReadOnlyError, UnavailableError } from '../../event-store/appender.ts';
import { isPassing, isReadOnly, sqlState } from '../../database/database-error.ts';
import { UnknownEventError } from '../../event-store/event-types.ts';
import { withCode } from '../../graphql/coded-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { StalePositionError } from '../../projections/stale-position.ts';
import { ViewParkedError } from '../../projections/view-parked-error.ts';
import { type ErrorCode, errorCodes, isErrorCode } from '../../graphql/error-codes.ts';

/**
 * Converts any error to one that a client may see: it has a code of the catalogue and no internal details. An
 * unexpected error is logged under an id, and the response contains only the id. An error that was presented before
 * is returned unchanged.
 */
export function presentError(error: unknown, logger: Logger): GraphQLError {
  const origin = rootCause(error);
  if (origin instanceof GraphQLError) return presentGraphQLError(error as GraphQLError, origin, logger);
  const failure = expectedFailure(origin);
  if (failure === undefined) return internalError(error, origin, logger);
  logger.warn({ err: origin, code: failure }, 'an operation failed');
  return coded(error, failure, errorCodes[failure]);
}

/** Formats an error for a response. `extensions.http` is only for the HTTP layer, so it is removed. */
export function formatError(error: GraphQLError) {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _, ...visible } = extensions ?? {};
  return { ...formatted, extensions: visible };
}

/** The original error: graphql-js wraps errors of resolvers, and errors of scalars in errors about variables. */
function rootCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? rootCause(error.originalError) : error;
}

function presentGraphQLError(error: GraphQLError, origin: GraphQLError, logger: Logger): GraphQLError {
  const code = error.extensions['code'];
  if (isErrorCode(code)) return error.path || error.extensions['http'] ? error : coded(error, code);
  return blamesRequest(error, origin)
    ? coded(withCode(error, 'BAD_USER_INPUT'), 'BAD_USER_INPUT')
    : internalError(error, origin, logger);
}

/**
 * Whether an error of graphql-js or yoga without our code is the client's fault. Such an error is about the request
 * itself (its variables, its operation name) or about an argument, whose value it then points at. An error about a
 * result points at a field at most, and is our fault.
 */
function blamesRequest(error: GraphQLError, origin: GraphQLError): boolean {
  if (error.path === undefined) return true;
  return origin.nodes?.some(node => node.kind !== Kind.FIELD) ?? false;
}

function expectedFailure(error: unknown): ErrorCode | undefined {
  if (error instanceof OutcomeUnknownError) return 'OUTCOME_UNKNOWN';
  if (error instanceof UnavailableError) return 'UNAVAILABLE';
  if (error instanceof ForbiddenCommandError) return 'FORBIDDEN';
  if (error instanceof StalePositionError) return 'STALE_POSITION';
  if (error instanceof ViewParkedError) return 'VIEW_PARKED';
  // A newer version of this program stored the event, so an upgrade is in progress: a retry may reach a newer node.
  if (error instanceof UnknownEventError) return 'UNAVAILABLE';
  if (error instanceof ReadOnlyError || isReadOnly(error)) return 'READ_ONLY';
  return isPassing(error) ? 'UNAVAILABLE' : undefined;
}

function internalError(error: unknown, origin: unknown, logger: Logger): GraphQLError {
  const id = randomUUID();
  logger.error({ err: origin, id }, 'an operation failed unexpectedly');
  const presented = coded(error, 'INTERNAL', `Something went wrong on the server. It was logged as ${id}.`, { id });
  if (isDatabaseFault(origin)) databaseFaults.add(presented);
  return presented;
}

/** INTERNAL errors that were caused by the database. */
const databaseFaults = new WeakSet<GraphQLError>();

/**
 * Whether the database rejected a statement for another reason than a value in it (classes 22 and 23): a value would
 * be rejected again.
 */
function isDatabaseFault(origin: unknown): boolean {
  const state = sqlState(origin);
  return state !== undefined && !/^2[23]/.test(state);
}

/**
 * Whether the same read may succeed later without a change.
 * @param error as presentError() returned it
 */
export function isTransient(error: GraphQLError): boolean {
  const code = error.extensions['code'];
  return code === 'UNAVAILABLE' || code === 'VIEW_LAGGING' || databaseFaults.has(error);
}

function coded(error: unknown, code: ErrorCode, message?: string, extensions?: object): GraphQLError {
  const graphqlError = error instanceof GraphQLError ? error : undefined;
  const own = graphqlError && isErrorCode(graphqlError.extensions['code']) ? graphqlError.extensions : undefined;
  const http =
    graphqlError?.extensions['http'] ?? (graphqlError?.path ? undefined : httpOf(code, { ...own, ...extensions }));
  const options: GraphQLErrorOptions = { extensions: { ...own, ...extensions, code, ...(http ? { http } : {}) } };
  if (graphqlError)
    Object.assign(options, {
      nodes: graphqlError.nodes,
      source: graphqlError.source,
      positions: graphqlError.positions,
      path: graphqlError.path,
    });
  return new GraphQLError(message ?? graphqlError?.message ?? errorCodes[code], options);
}

/** Status and headers of a response without data. */
function httpOf(code: ErrorCode, extensions: Readonly<Record<string, unknown>>) {
  const seconds = extensions['retryAfter'] ?? retryAfterSeconds[code];
  const headers = {
    ...(code === 'UNAUTHENTICATED' && { 'WWW-Authenticate': 'Bearer' }),
    ...(seconds !== undefined && { 'Retry-After': `${seconds as number}` }),
  };
  return { ...httpStatus[code], headers };
}

/** `Retry-After` for errors that do not set it. A parked stream waits for an operator, so the value is higher. */
const retryAfterSeconds: Partial<Record<ErrorCode, number>> = { VIEW_LAGGING: 1, VIEW_PARKED: 60, UNAVAILABLE: 1 };

/** Status of a response without data. `spec`: the status is 200 if the client accepts `application/json` only. */
export const httpStatus: { readonly [Code in ErrorCode]: { readonly status: number; readonly spec?: true } } = {
  GRAPHQL_PARSE_FAILED: { status: 400, spec: true },
  GRAPHQL_VALIDATION_FAILED: { status: 400, spec: true },
  BAD_USER_INPUT: { status: 400, spec: true },
  NOT_ACCEPTABLE: { status: 406 },
  UNAUTHENTICATED: { status: 401 },
  FORBIDDEN: { status: 403 },
  NOT_FOUND: { status: 404 },
  VIEW_LAGGING: { status: 503 },
  VIEW_PARKED: { status: 503 },
  STALE_POSITION: { status: 409 },
  OUTCOME_UNKNOWN: { status: 504 },
  LIMIT_EXCEEDED: { status: 400 },
  RATE_LIMITED: { status: 429 },
  UNAVAILABLE: { status: 503 },
  READ_ONLY: { status: 403 },
  INTERNAL: { status: 500 },
};
