import './graphql/common-types.ts';
import './graphql/node.ts';
import './graphql/viewer.ts';
import './graphql/projections.ts';
import './graphql/stored-events.ts';
import './customer/graphql/mutations.ts';
import './customer/graphql/queries.ts';
import './customer/graphql/subscriptions.ts';
import './order/graphql/mutations.ts';
import './order/graphql/history.ts';
import './order/graphql/order-at.ts';
import './order/graphql/queries.ts';
import './order/graphql/customer-totals.ts';
import './order/graphql/sales.ts';
import './order/graphql/subscriptions.ts';
import './product/graphql/mutations.ts';
import './product/graphql/queries.ts';
import './product/graphql/subscriptions.ts';
import { builder } from './graphql/builder.ts';

/** The GraphQL schema. Importing this file opens no connection. */
export const schema = builder.toSchema({ sortSchema: false });
