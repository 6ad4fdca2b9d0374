import { Prisma } from '../generated/prisma/client.ts';

/** A statement or a part of one, with the values of its parameters. */
export type Sql = Prisma.Sql;

/** A statement that is ready to be sent: `$1` in the text is the first value. */
export type Statement = Pick<Sql, 'text' | 'values'>;

/** Sends a statement. @returns its rows */
export type Query = <Row>(statement: Statement) => Promise<Row[]>;

/**
 * Makes a statement, or a part of one, of a template: values become parameters, and parts become part of the text.
 * `sql.raw` makes a part of a text without parameters, which must come from the code and never from a caller.
 */
export const sql = Object.assign(
  (strings: readonly string[], ...values: unknown[]): Sql => Prisma.sql(strings, ...values),
  {
    join: Prisma.join,
    raw: Prisma.raw,
    empty: Prisma.empty,
  },
);
