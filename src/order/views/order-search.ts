import { customerView } from '../../customer/views/customer-view.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { missingWords, searchFilters, searchQueries, wordsOf } from '../../projections/search.ts';
import type { Gathered } from '../../projections/read-page.ts';
import { table } from '../../projections/view-sql.ts';
import { type OrderRow, orderWords } from './order-view.ts';

/** Customers whose orders are gathered one customer after the other: of more of them a page is full sooner if it is walked. */
const fewCustomers = 500;
/** The same where other words cut the orders down before they are read. */
const fewCustomersOfAWord = 2_000;

/**
 * A search as conditions on order_view (alias l): each word is the order's or in its customer's name as it is now, so
 * that a name is changed, and erased, in one row.
 * @param owner the id of the customer whose orders are listed, then no other name is looked at; undefined: all orders
 */
export function orderSearchFilters(words: readonly string[], owner: Prisma.Sql | undefined): Prisma.Sql[] {
  if (words.length === 0) return searchFilters(words);
  return searchQueries(words).map(query => gathered(query, owner));
}

/** What finds orders of any customer: gathered if few are found, else tested of each order that a page is walked by. */
interface OrderSearch {
  readonly gathered: Gathered;
  readonly tested: Prisma.Sql[];
}

/**
 * The same for all orders. How many customers have a word in their name is counted when the search runs, since the
 * planner can't estimate it: orders of a few customers are gathered by the customers' ids, and of orders that other words
 * find, or that are walked, each one's customer is looked at.
 */
export function orderSearch(words: readonly string[]): OrderSearch | undefined {
  if (words.length === 0) return undefined;
  const queries = searchQueries(words);
  const most = words.length === 1 ? fewCustomers : fewCustomersOfAWord;
  const isMany = queries.map(query => namesMore(query, most));
  const many = Prisma.sql`(${Prisma.join(
    isMany.map(one => Prisma.sql`${one}::int`),
    ' + ',
  )})`;
  const all = [Prisma.sql`${many} = 0`, ...queries.map(query => gathered(query, undefined))];
  const allButOne = isMany.map((isOne, place) => {
    const each = queries.map((query, at) => (at === place ? tested(query) : gathered(query, undefined)));
    return [Prisma.sql`${many} = 1`, isOne, ...each];
  });
  const by = words.length === 1 ? [all] : [all, ...allButOne];
  const isAll = Prisma.sql`${many} < ${by.length === 1 ? 1 : 2}::int`;
  return { gathered: { by: by.map(parts => Prisma.join(parts, ' AND ')), isAll }, tested: queries.map(tested) };
}

/** An index can find these: those with the word and those of the customers who have it. */
function gathered(query: string, owner: Prisma.Sql | undefined): Prisma.Sql {
  const theirs = owner === undefined ? Prisma.empty : Prisma.sql`AND k.customer_id = ${owner}`;
  return Prisma.sql`(l.search @@ ${query}::tsquery OR l.customer_id = ANY (ARRAY(
    SELECT k.customer_id ${customersNamed(query)} ${theirs})))`;
}

/** The same, tested of each order by its customer's key. */
function tested(query: string): Prisma.Sql {
  return Prisma.sql`(l.search @@ ${query}::tsquery OR EXISTS (
    SELECT ${customersNamed(query)} AND k.customer_id = l.customer_id))`;
}

function namesMore(query: string, most: number): Prisma.Sql {
  return Prisma.sql`(SELECT count(*) > ${most}::int FROM (SELECT ${customersNamed(query)} LIMIT ${most + 1}::int) named)`;
}

function customersNamed(query: string): Prisma.Sql {
  return Prisma.sql`FROM ${table(customerView)} k
    WHERE k.generation = (SELECT generation FROM c) AND k.search @@ ${query}::tsquery`;
}

/** The same of one order's row and its customer's name. */
export function isFoundBy(words: readonly string[], row: OrderRow, customerName: string | null): boolean {
  return words.length > 0 && missingWords(words, [...orderWords(row), ...wordsOf(customerName)]).length === 0;
}
