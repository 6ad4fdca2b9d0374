import { pages } from './pages.ts';

const orders = /* @__PURE__ */ pages('filter', 'orderBy');

/**
 * For Apollo's `new InMemoryCache({ possibleTypes, typePolicies })`: objects without an id are merged instead of
 * replaced, and the pages of a list are joined.
 */
export const typePolicies = {
  Money: { merge: true },
  CustomerOrderTotals: { merge: true },
  OrderCounts: { merge: true },
  Customer: { fields: { orders } },
  Order: { fields: { history: /* @__PURE__ */ pages() } },
  Query: { fields: { orders, customers: /* @__PURE__ */ pages('search'), products: /* @__PURE__ */ pages('search') } },
};
