import { OrdersDocument, type OrdersQuery } from '../generated/graphql.ts';
import { post } from './post.ts';
import { staffToken } from './tokens.ts';

export type ShownOrder = NonNullable<OrdersQuery['orders']>['edges'][number]['node'];

/**
 * Every order, read page by page as staff.
 * @param atLeast position that the lists must reflect; default: none
 */
export async function allOrders(url: string, atLeast?: string): Promise<ShownOrder[]> {
  const token = await staffToken();
  const all: ShownOrder[] = [];
  for (let after: string | null | undefined, more = true; more; ) {
    const page: { first: number; after?: string | null; atLeast?: string | null } = {
      first: 100,
      after: after ?? null,
      atLeast: atLeast ?? null,
    };
    const { data, errors } = await post(url, OrdersDocument, page, { token });
    if (!data?.orders) throw new Error(JSON.stringify(errors));
    all.push(...data.orders.edges.map(({ node }) => node));
    after = data.orders.pageInfo.endCursor;
    more = data.orders.pageInfo.hasNextPage;
  }
  return all;
}
