// What caches have to know of the schema, and what links share. The links are beside it: orderstream/client/apollo,
// /urql, /graphql-ws and /sse, each with the packages that it is for.
import { pages } from './pages.ts';

export { keys, possibleTypes } from './schema-facts.ts';
export { createSeen, type Seen } from './seen.ts';

const orders = /* @__PURE__ */ pages('filter', 'orderBy');

/**
 * For Apollo's `new InMemoryCache({ possibleTypes, typePolicies })`: parts without an id are merged, not replaced, and
 * pages of a list become one.
 */
export const typePolicies = {
  Money: { merge: true },
  CustomerOrderTotals: { merge: true },
  Customer: { fields: { orders } },
  Order: { fields: { history: /* @__PURE__ */ pages() } },
  Query: { fields: { orders, customers: /* @__PURE__ */ pages('search'), products: /* @__PURE__ */ pages('search') } },
};
