import { client } from '../client.ts';
import { RecentOrdersDocument } from '../generated/graphql.ts';

/**
 * Finds a position not long ago, so that a big log is not read from its first event: the oldest one among the last
 * changes of the orders that changed last.
 * @param pages how far back: each one has 100 orders
 * @returns after: undefined if that is the start of the log
 * @throws if the server does not answer
 */
export async function findStart(pages: number): Promise<{ readonly after: string | undefined }> {
  let cursor: string | undefined;
  let oldest: string | undefined;
  for (let page = 0; page < pages; page++) {
    const { data } = await client.query({
      query: RecentOrdersDocument,
      variables: { after: cursor ?? null },
      fetchPolicy: 'no-cache',
    });
    const orders = data?.orders;
    for (const { position } of orders?.nodes ?? []) {
      if (oldest === undefined || position < oldest) oldest = position;
    }
    if (!orders?.pageInfo.hasNextPage) return { after: undefined };
    cursor = orders.pageInfo.endCursor ?? undefined;
  }
  return { after: oldest };
}
