import { customerView } from '../../customer/views/customer-view.ts';
import { type Sql, sql } from '../../database/sql.ts';
import { missingWords, searchFilters, searchQueries, wordsOf } from '../../projections/search-words.ts';
import type { Gathered } from '../../projections/page.ts';
import { table } from '../../projections/view-sql.ts';
import { type OrderRow, orderWords } from './order-view.ts';

/**
 * Up to this number of customers, the orders of all matching customers are collected and sorted. With more customers
 * a page is read faster by walking the list in its order.
 */
const maxGatheredCustomers = 500;
/** The same limit if other words of the search reduce the number of orders. */
const maxGatheredCustomersWithMoreWords = 2_000;

/**
 * A search as SQL conditions on order_view (alias l). Each word has to occur in the order or in the current name of
 * its customer. Names are only in the customer's row, so changing or erasing one takes one row.
 * @param owner the id of the customer whose orders are listed: no other names are searched; undefined: all orders
 */
export function orderSearchFilters(words: readonly string[], owner: Sql | undefined): Sql[] {
  if (words.length === 0) return searchFilters(words);
  return searchQueries(words).map(query => gathered(query, owner));
}

/**
 * The conditions for a search over all customers. `gathered` collects the matching orders if there are few; otherwise
 * `tested` is checked for each order while the list is walked in its order.
 */
interface OrderSearch {
  readonly gathered: Gathered;
  readonly tested: Sql[];
}

/**
 * The same for all orders. The planner can't estimate how many customers have a word in their name, so the statement
 * counts them when it runs. If there are few customers, their orders are collected by the customers' ids. Otherwise
 * the customer of each order is checked: of the orders that other words find, or of the orders of the walked list.
 */
export function orderSearch(words: readonly string[]): OrderSearch | undefined {
  if (words.length === 0) return undefined;
  const queries = searchQueries(words);
  const maxCustomers = words.length === 1 ? maxGatheredCustomers : maxGatheredCustomersWithMoreWords;
  const isMany = queries.map(query => namesMore(query, maxCustomers));
  const many = sql`(${sql.join(
    isMany.map(one => sql`${one}::int`),
    ' + ',
  )})`;
  const all = [sql`${many} = 0`, ...queries.map(query => gathered(query, undefined))];
  const allButOne = isMany.map((isOne, place) => {
    const each = queries.map((query, at) => (at === place ? tested(query) : gathered(query, undefined)));
    return [sql`${many} = 1`, isOne, ...each];
  });
  const by = words.length === 1 ? [all] : [all, ...allButOne];
  const isAll = sql`${many} < ${by.length === 1 ? 1 : 2}::int`;
  return { gathered: { by: by.map(parts => sql.join(parts, ' AND ')), isAll }, tested: queries.map(tested) };
}

/** A condition that indexes support: orders that contain the word, and orders of customers whose name contains it. */
function gathered(query: string, owner: Sql | undefined): Sql {
  const theirs = owner === undefined ? sql.empty : sql`AND k.customer_id = ${owner}`;
  return sql`(l.search @@ ${query}::tsquery OR l.customer_id = ANY (ARRAY(
    SELECT k.customer_id ${customersNamed(query)} ${theirs})))`;
}

/** The same condition, checked for one order by the id of its customer. */
function tested(query: string): Sql {
  return sql`(l.search @@ ${query}::tsquery OR EXISTS (
    SELECT ${customersNamed(query)} AND k.customer_id = l.customer_id))`;
}

function namesMore(query: string, maxCustomers: number): Sql {
  return sql`(SELECT count(*) > ${maxCustomers}::int FROM (SELECT ${customersNamed(query)} LIMIT ${maxCustomers + 1}::int) named)`;
}

function customersNamed(query: string): Sql {
  return sql`FROM ${table(customerView)} k
    WHERE k.generation = (SELECT generation FROM c) AND k.search @@ ${query}::tsquery`;
}

/** The same check for one order row and the name of its customer. */
export function isFoundBy(words: readonly string[], row: OrderRow, customerName: string | null): boolean {
  return words.length > 0 && missingWords(words, [...orderWords(row), ...wordsOf(customerName)]).length === 0;
}
