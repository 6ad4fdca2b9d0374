/** The measured lists; each returns a page of 20 orders. */
export const kinds = ['status', 'customer', 'search', 'nested'] as const;

export type Kind = (typeof kinds)[number];

/** The fields of an order that each side selects. The baselines' `total` is in the currency's smallest unit. */
const shown = { ours: 'id number status total { minorUnits } createdAt', theirs: 'id number status total createdAt' };

/** A document for a page of each kind, in each side's schema. The variables of each kind differ. */
export function listDocuments(side: 'ours' | 'theirs'): Readonly<Record<Kind, string>> {
  const order = shown[side];
  if (side === 'ours') {
    const page = `{ nodes { ${order} } pageInfo { hasNextPage endCursor } }`;
    return {
      status: `query ($value: OrderStatus!) { orders(first: 20, filter: { statusIn: [$value] }) ${page} }`,
      customer: `query ($value: ID!) { orders(first: 20, filter: { customerId: $value }) ${page} }`,
      search: `query ($value: String!) { orders(first: 20, filter: { search: $value }) ${page} }`,
      nested: `{ customers(first: 20) { nodes { id name orders(first: 20) ${page} } } }`,
    };
  }
  const page = `{ nodes { ${order} } hasNextPage endCursor }`;
  return {
    status: `query ($value: String!) { byStatus(status: $value) ${page} }`,
    customer: `query ($value: ID!) { byCustomer(customerId: $value) ${page} }`,
    search: `query ($value: String!) { bySearch(word: $value) ${page} }`,
    nested: `{ customers { id name orders ${page} } }`,
  };
}
