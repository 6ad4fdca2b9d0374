/**
 * What each session of the program has set, whatever ALTER DATABASE, ALTER ROLE or the server's configuration say: all that
 * changes what a statement means, or how its values are written and read. Not here: what only makes statements faster or
 * slower, and what belongs to the operator (tablespaces, log settings, default_transaction_read_only).
 * Time limits are set by each pool, since a migration may take longer than a request.
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
  // Otherwise '\x00' in a statement or a function's body is another text, {NULL} in an array is a word, `= NULL` is true.
  ['standard_conforming_strings', 'on'],
  ['array_nulls', 'on'],
  ['transform_null_equals', 'off'],
  // append_events() refuses any other.
  ['default_transaction_isolation', 'read committed'],
  // Otherwise a search by a GIN index returns a random part of what it finds.
  ['gin_fuzzy_search_limit', '0'],
  // Otherwise each refused statement, or a minute without one, ends the connection.
  ['exit_on_error', 'off'],
  ['idle_session_timeout', '0'],
  // Otherwise what a migration's functions are allowed to name depends on the server.
  ['plpgsql.extra_errors', 'none'],
];
