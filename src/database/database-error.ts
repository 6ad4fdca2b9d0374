/**
 * What became of a statement that failed.
 * - `definite`: the server refused it, so nothing of it (or of its transaction) is stored
 * - `not-sent`: no connection could be made or had, so the server never saw it
 * - `unknown`: the connection went away in between, so it may be stored
 */
export type DatabaseFailure = 'definite' | 'not-sent' | 'unknown';

/** Where the SQLSTATE stands depends on who failed: Prisma's client, its adapter at COMMIT, or the driver itself. */
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

/** The SQLSTATE with which the server refused, or undefined where the server said nothing. */
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
  // Said only to whoever asks for a connection: the server starts, stops or recovers.
  if (state === '57P03') return 'not-sent';
  // The server took the connection away, whatever it was doing on it.
  if (state !== undefined) return /^08|^57P0[12]/.test(state) ? 'unknown' : 'definite';
  return [...shapesOf(error)].some(isWithoutConnection) ? 'not-sent' : 'unknown';
}

/** The database could not be reached, or went away, or is full: nothing is wrong with what was asked. */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(?:08|53|57P)/.test(state);
  return classifyDatabaseError(error) === 'not-sent' || (error instanceof Error && connectionLost.test(error.message));
}

/**
 * The same may go well in a moment: the database can't be reached, or others were in the way (a lock, a deadlock, a
 * statement that took too long for it). Of what only reads: what was to be stored has its own rules.
 */
export function isPassing(error: unknown): boolean {
  return isUnreachable(error) || /^(?:40|55P03|57014)/.test(sqlState(error) ?? '');
}

/** The server takes no writes: it is a standby, or its transactions only read. Reads go well on it. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === '25006';
}

const connectionLost =
  /\b(?:Connection terminated|Connection ended|Server has closed the connection|ECONNRESET|EPIPE|Query read timeout)\b/;

// In the words of pg, pg-pool, Prisma and PGlite: these errors have no code.
const withoutConnection = [
  /\b(?:connect|getaddrinfo) E[A-Z_]+/,
  /^timeout exceeded when trying to connect/,
  /^Connection terminated due to connection timeout/,
  /^Cannot use a pool after calling end on the pool/,
  /Unable to start a transaction in the given time/,
  /^PGlite is (?:closing|closed)/,
];

function isWithoutConnection(shape: ErrorShape): boolean {
  if (shape.kind === 'DatabaseNotReachable' || shape.kind === 'TlsConnectionError') return true;
  const { message } = shape;
  return typeof message === 'string' && withoutConnection.some(words => words.test(message));
}

/** The error and what it wraps, outermost first. */
function* shapesOf(error: unknown): Generator<ErrorShape> {
  if (typeof error !== 'object' || error === null) return;
  const shape: ErrorShape = error;
  yield shape;
  yield* shapesOf(shape.meta?.driverAdapterError);
  yield* shapesOf(shape.cause);
  // A host of several addresses, as localhost mostly is, fails with an error for each and none of its own.
  if (Array.isArray(shape.errors)) for (const one of shape.errors) yield* shapesOf(one);
}
