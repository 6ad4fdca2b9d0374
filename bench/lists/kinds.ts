/** The lists that are measured, a page of 20 orders each. */
export const kinds = ['status', 'customer', 'search', 'nested'] as const;

export type Kind = (typeof kinds)[number];

/** What each side asks for of an order; the peers call the total `total`, in the currency's smallest unit. */
const shown = { ours: 'id number status total { minorUnits } createdAt', theirs: 'id number status total createdAt' };

/** A page of each kind, in each side's schema. Variables are written in place of `$…`: each document differs by them only. */
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
