import { customerView } from '../../customer/views/customer-view.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { missingWords, searchFilters, searchQueries, wordsOf } from '../../projections/search.ts';
import { table } from '../../projections/view-sql.ts';
import { type OrderRow, orderWords } from './order-view.ts';

/**
 * A search as conditions on order_view (alias l): each word is the order's or in its customer's name as it is now, so
 * that a name is changed, and erased, in one row.
 * @param owner whose orders are listed, where they are one customer's: then no other name is looked at
 */
export function orderSearchFilters(words: readonly string[], owner?: string): Prisma.Sql[] {
  if (words.length === 0) return searchFilters(words);
  const theirs = owner === undefined ? Prisma.empty : Prisma.sql`AND k.customer_id = ${owner}`;
  return searchQueries(words).map(
    query => Prisma.sql`(l.search @@ ${query}::tsquery OR l.customer_id = ANY (ARRAY(
      SELECT k.customer_id FROM ${table(customerView)} k
      WHERE k.generation = (SELECT generation FROM c) AND k.search @@ ${query}::tsquery ${theirs})))`,
  );
}

/** The same of one order's row and its customer's name. */
export function isFoundBy(words: readonly string[], row: OrderRow, customerName: string | null): boolean {
  return words.length > 0 && missingWords(words, [...orderWords(row), ...wordsOf(customerName)]).length === 0;
}
