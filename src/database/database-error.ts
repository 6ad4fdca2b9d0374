/**
 * The effect of a statement that failed.
 * - `definite`: the server rejected it, so nothing of it (or of its transaction) is stored
 * - `not-sent`: there was no connection, so the server never received it
 * - `unknown`: the connection was lost after sending, so it may be stored
 */
export type DatabaseFailure = 'definite' | 'not-sent' | 'unknown';

/**
 * The place of the SQLSTATE depends on where the error was thrown: in Prisma's client, in its adapter at COMMIT, or
 * in the driver.
 */
interface ErrorShape {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly kind?: unknown;
  readonly originalCode?: unknown;
  readonly meta?: { readonly driverAdapterError?: unknown };
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** The SQLSTATE of the server's error; undefined if the server sent none. */
export function sqlState(error: unknown): string | undefined {
  for (const shape of shapesOf(error)) {
    if (typeof shape.originalCode === 'string') return shape.originalCode;
    // Only the server's own errors have a severity: Prisma's codes (P2010) look like an SQLSTATE too.
    if (typeof shape.severity === 'string' && typeof shape.code === 'string') return shape.code;
  }
  return undefined;
}

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  // The server only sends this when a client connects: it is starting, stopping or recovering.
  if (state === '57P03') return 'not-sent';
  // These codes mean that the server closed the connection, whatever statement was running on it.
  if (state !== undefined) return /^08|^57P0[12]/.test(state) ? 'unknown' : 'definite';
  return [...shapesOf(error)].some(isWithoutConnection) ? 'not-sent' : 'unknown';
}

/**
 * Whether the database could not be reached, closed the connection or is full. Then the statement itself is not at
 * fault.
 */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(?:08|53|57P)/.test(state);
  return classifyDatabaseError(error) === 'not-sent' || (error instanceof Error && connectionLost.test(error.message));
}

/**
 * Whether a retry may succeed: the database is unreachable, or another statement was in the way (a lock, a deadlock,
 * a timeout). Only for reads: appends have their own rules.
 */
export function isPassing(error: unknown): boolean {
  return isUnreachable(error) || /^(?:40|55P03|57014)/.test(sqlState(error) ?? '');
}

/** Whether the server is read-only: it is a standby, or its transactions are read-only. Reads succeed on it. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === '25006';
}

/** Whether the user of the connection lacks a right for the statement. */
export function lacksRight(error: unknown): boolean {
  return sqlState(error) === '42501';
}

const connectionLost =
  /\b(?:Connection terminated|Connection ended|Server has closed the connection|ECONNRESET|EPIPE|Query read timeout)\b/;

// These errors of pg, pg-pool, Prisma and PGlite have no code, so they are recognised by their messages.
const withoutConnection = [
  /\b(?:connect|getaddrinfo) E[A-Z_]+/,
  /^timeout exceeded when trying to connect/,
  /^timeout expired$/,
  /^Connection terminated due to connection timeout/,
  /^The server does not support SSL connections/,
  /^There was an error establishing an SSL connection/,
  /^No server of the URL accepts writes/,
  /^Cannot use a pool after calling end on the pool/,
  /Unable to start a transaction in the given time/,
  /^PGlite is (?:closing|closed)/,
];

/** Codes of Node: the client rejects the server's certificate before it sends anything. */
const certificateRejected =
  /^(?:ERR_TLS_CERT_|CERT_|UNABLE_TO_(?:GET|DECRYPT|DECODE|VERIFY)_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;

function isWithoutConnection(shape: ErrorShape): boolean {
  if (shape.kind === 'DatabaseNotReachable' || shape.kind === 'TlsConnectionError') return true;
  const { message, code } = shape;
  if (typeof code === 'string' && certificateRejected.test(code)) return true;
  return typeof message === 'string' && withoutConnection.some(words => words.test(message));
}

/** The error and the errors inside it, outermost first. */
function* shapesOf(error: unknown): Generator<ErrorShape> {
  if (typeof error !== 'object' || error === null) return;
  const shape: ErrorShape = error;
  yield shape;
  yield* shapesOf(shape.meta?.driverAdapterError);
  yield* shapesOf(shape.cause);
  // A host with several addresses (localhost usually is one) fails with one error for each address, inside an error
  // without a code.
  if (Array.isArray(shape.errors)) for (const one of shape.errors) yield* shapesOf(one);
}
