/**
 * Settings of every session of this program, independent of ALTER DATABASE, ALTER ROLE and the server's
 * configuration. The list contains all settings that change the meaning of a statement, or how values are written and
 * read. It does not contain settings that only affect speed, or that belong to the operator (tablespaces, logging,
 * default_transaction_read_only). Time limits are set by each pool, since a migration may take longer than a request.
 */
export const sessionSettings: readonly (readonly [name: string, value: string])[] = [
  // Our statements name tables without a schema, and the functions of the migrations belong to public.
  ['search_path', 'public'],
  // Prisma's adapter reads and writes timestamps as if every session were in UTC.
  ['TimeZone', 'UTC'],
  // Dates are read as text (salesByDay), intervals are written as text.
  ['DateStyle', 'ISO, MDY'],
  ['IntervalStyle', 'postgres'],
  ['bytea_output', 'hex'],
  ['extra_float_digits', '1'],
  // Otherwise '\x00' in a statement or in a function is another text, {NULL} in an array is a word, and `= NULL` is
  // true.
  ['standard_conforming_strings', 'on'],
  ['array_nulls', 'on'],
  ['transform_null_equals', 'off'],
  // append_events() rejects any other level.
  ['default_transaction_isolation', 'read committed'],
  // Otherwise a search with a GIN index returns only a random part of the rows.
  ['gin_fuzzy_search_limit', '0'],
  // Otherwise each failed statement, or a minute without a statement, ends the connection.
  ['exit_on_error', 'off'],
  ['idle_session_timeout', '0'],
  // Otherwise the server decides which names the functions of a migration may use.
  ['plpgsql.extra_errors', 'none'],
];

/** Limits of each statement of a process that serves, ms, independent of the settings of the database or the role. */
export const timeLimitsMs = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  // A process that stops inside a transaction keeps the log's lock. This limits the time.
  idle_in_transaction_session_timeout: 10_000,
};

/**
 * For the sessions of all statements but look-ups. The plan of a page has many branches, and few of them run. From its
 * estimated cost PostgreSQL would compile (JIT) all of them, which takes a hundred times longer than the execution.
 */
export const querySettings = ['jit=off'];

/**
 * The settings that the serving role must have if a pooler gives each transaction another session: no connection can
 * set them then.
 * @param synchronousCommit undefined: the role needs no value
 */
export function roleSettings(synchronousCommit: string | undefined): (readonly [name: string, value: string])[] {
  return [
    ...sessionSettings,
    ...querySettings.map(pairOf),
    ...Object.entries(timeLimitsMs).map(([name, ms]) => [name, `${ms / 1_000}s`] as const),
    ...(synchronousCommit === undefined ? [] : [['synchronous_commit', synchronousCommit] as const]),
  ];
}

/** @param setting e.g. `jit=off` */
export function pairOf(setting: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = setting.split('=');
  return [name, value];
}
