import type { Config } from './config.ts';
import { developmentToken } from './graphql/development-token.ts';
import type { Page } from './graphql/graphiql.ts';
import { newId } from './ids.ts';
import { exampleTabs } from './order/graphql/example-tabs.ts';
import { sampleCustomerId, sampleProductId } from './seed.ts';

/**
 * What GraphiQL shows in development: the walk of one order, whose id is new with each load. With `?watch`, where the
 * page's own link leads, the tab that watches stands first.
 */
export async function graphiqlPage(auth: Config['auth'], query: URLSearchParams): Promise<Page> {
  const customerId = sampleCustomerId;
  const orderId = newId('ord');
  const token = (await developmentToken(auth, { role: 'customer', subject: customerId })) ?? '<token>';
  const example = exampleTabs({ customerId, orderId, productId: sampleProductId });
  const { create, add, submit, watch, myOrders } = example;
  const watches = query.has('watch');
  const link = '<a href="?watch" target="_blank" rel="noopener">watch in a second window</a>';
  return {
    title: 'Orderstream',
    heading: watches ? 'Orderstream' : `Orderstream · ${link}`,
    tabs: watches ? [watch, create, add, submit, myOrders] : [create, add, submit, watch, myOrders],
    headers: { Authorization: `Bearer ${token}` },
    fresh: [orderId, token],
  };
}
