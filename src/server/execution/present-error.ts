import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorOptions, Kind } from 'graphql';
import { ForbiddenCommandError } from '../../commands/command-bus.ts';
import { OutcomeUnknownError, ReadOnlyError, UnavailableError } from '../../event-store/appender.ts';
import { isPassing, isReadOnly, sqlState } from '../../database/database-error.ts';
import { UnknownEventError } from '../../event-store/event-types.ts';
import { withCode } from '../../graphql/coded-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { StalePositionError } from '../../projections/stale-position.ts';
import { ViewParkedError } from '../../projections/view-parked.ts';
import { type ErrorCode, errorCodes, isErrorCode } from '../../graphql/error-codes.ts';

/**
 * What a client may see of an error, whatever went wrong: always a code of the catalogue, never anything of the
 * server's. What nobody expected is logged under an id, and the id is all that is answered. An error that was
 * presented before is answered as it is.
 */
export function presentError(error: unknown, logger: Logger): GraphQLError {
  const origin = originOf(error);
  if (origin instanceof GraphQLError) return presentGraphQLError(error as GraphQLError, origin, logger);
  const failure = expectedFailure(origin);
  if (failure === undefined) return internal(error, origin, logger);
  logger.warn({ err: origin, code: failure }, 'an operation failed');
  return coded(error, failure, errorCodes[failure]);
}

/** As an answer has it. `http` is for the one who writes the status line. */
export function formatError(error: GraphQLError) {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _, ...shown } = extensions ?? {};
  return { ...formatted, extensions: shown };
}

/** graphql-js wraps what resolvers throw, and scalars' errors in those about variables: what it was in the end. */
function originOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error;
}

function presentGraphQLError(error: GraphQLError, origin: GraphQLError, logger: Logger): GraphQLError {
  const code = error.extensions['code'];
  if (isErrorCode(code)) return error.path || error.extensions['http'] ? error : coded(error, code);
  return blamesRequest(error, origin)
    ? coded(withCode(error, 'BAD_USER_INPUT'), 'BAD_USER_INPUT')
    : internal(error, origin, logger);
}

/**
 * An error of graphql-js or yoga without a code of ours. It is about the request itself (its variables, the name of
 * its operation) or about an argument, whose value it then points at; one about an answer points at a field at most,
 * and is our fault.
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
  // A newer version of this program stored it: nodes that know it answer, and soon this one is replaced.
  if (error instanceof UnknownEventError) return 'UNAVAILABLE';
  if (error instanceof ReadOnlyError || isReadOnly(error)) return 'READ_ONLY';
  return isPassing(error) ? 'UNAVAILABLE' : undefined;
}

function internal(error: unknown, origin: unknown, logger: Logger): GraphQLError {
  const id = randomUUID();
  logger.error({ err: origin, id }, 'an operation failed unexpectedly');
  const presented = coded(error, 'INTERNAL', `Something went wrong here. It was logged as ${id}.`, { id });
  if (isDatabaseFault(origin)) databaseFaults.add(presented);
  return presented;
}

/** INTERNAL errors that the database caused. */
const databaseFaults = new WeakSet<GraphQLError>();

/** The database refused a statement, and not because of a value in it (classes 22 and 23), which it would refuse again. */
function isDatabaseFault(origin: unknown): boolean {
  const state = sqlState(origin);
  return state !== undefined && !/^2[23]/.test(state);
}

/** Whether the same read may go well later, nothing else being changed. @param error as presentError() answered it */
export function isTransient(error: GraphQLError): boolean {
  const code = error.extensions['code'];
  return code === 'UNAVAILABLE' || code === 'VIEW_LAGGING' || databaseFaults.has(error);
}

function coded(error: unknown, code: ErrorCode, message?: string, extensions?: object): GraphQLError {
  const shown = error instanceof GraphQLError ? error : undefined;
  const own = shown && isErrorCode(shown.extensions['code']) ? shown.extensions : undefined;
  const http = shown?.extensions['http'] ?? (shown?.path ? undefined : httpOf(code, { ...own, ...extensions }));
  const options: GraphQLErrorOptions = { extensions: { ...own, ...extensions, code, ...(http ? { http } : {}) } };
  if (shown)
    Object.assign(options, { nodes: shown.nodes, source: shown.source, positions: shown.positions, path: shown.path });
  return new GraphQLError(message ?? shown?.message ?? errorCodes[code], options);
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

/** `Retry-After` where the error does not say it itself. A parked stream waits for an operator. */
const retryAfterSeconds: Partial<Record<ErrorCode, number>> = { VIEW_LAGGING: 1, VIEW_PARKED: 60, UNAVAILABLE: 1 };

/** Of an answer that has no data. `spec`: 200 all the same where the client takes `application/json` only. */
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
