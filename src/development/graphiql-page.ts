import type { Config } from '../config.ts';
import { developmentToken } from './development-token.ts';
import type { Page } from './graphiql.ts';
import { newId } from '../ids.ts';
import { exampleTabs } from './example-tabs.ts';
import { sampleCustomerId, sampleProductId } from './sample-data.ts';

/**
 * The content of GraphiQL in development: one order from create to submit, as a customer, and a subscription to all
 * orders, as staff. Each load has a new order id. With `?watch`, the target of the link on the page, the subscription
 * is the first tab.
 */
export async function graphiqlPage(auth: Config['auth'], query: URLSearchParams): Promise<Page> {
  const orderId = newId('ord');
  const [customer, staff] = await Promise.all([
    developmentToken(auth, { role: 'customer', subject: sampleCustomerId }),
    developmentToken(auth, { role: 'staff', subject: 'staff' }),
  ]);
  const headers = { customer: authorization(customer), staff: authorization(staff) };
  const example = exampleTabs({ orderId, productId: sampleProductId }, headers);
  const { create, add, submit, watch, myOrders } = example;
  const watches = query.has('watch');
  const link = '<a href="?watch" target="_blank" rel="noopener">watch in a second window</a>';
  return {
    title: 'Orderstream',
    heading: watches ? 'Orderstream' : `Orderstream · ${link}`,
    tabs: watches ? [watch, create, add, submit, myOrders] : [create, add, submit, watch, myOrders],
    headers: headers.customer,
    fresh: [orderId, ...[customer, staff].filter(token => token !== undefined)],
  };
}

/** If a key is configured, there is no development token: the tab shows a placeholder. */
function authorization(token = '<token>'): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}
