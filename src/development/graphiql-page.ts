import type { Config } from '../config.ts';
import { developmentToken } from './development-token.ts';
import type { Page } from './graphiql.ts';
import { newId } from '../ids.ts';
import { exampleTabs } from './example-tabs.ts';
import { sampleCustomerId, sampleProductId } from './sample-data.ts';

/**
 * What GraphiQL shows in development: one order's way from create to submit, by a customer, and a watch of all orders, by
 * staff. The order's id is new with each load. With `?watch`, where the page's own link leads, the watch comes first.
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

/** Without a development key there is no token to give away: the tab shows where one belongs. */
function authorization(token = '<token>'): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}
