import { gql, InMemoryCache } from '@apollo/client';
import { expect, test } from 'vitest';
import { possibleTypes, typePolicies } from '../../../src/client/index.ts';

const query = gql`
  query ($after: String, $before: String, $filter: OrderFilter) {
    orders(first: 2, after: $after, before: $before, filter: $filter) {
      edges {
        cursor
        node {
          id
          version
        }
      }
      nodes {
        id
        version
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      position
    }
  }
`;

function page(ids: string[], position: string, version = 1, more = false) {
  const nodes = ids.map(id => ({ __typename: 'Order', id, version }));
  return {
    orders: {
      __typename: 'OrderConnection',
      edges: nodes.map(node => ({ __typename: 'OrderEdge', cursor: `cursor of ${node.id}`, node })),
      nodes,
      pageInfo: {
        __typename: 'PageInfo',
        hasNextPage: more,
        hasPreviousPage: false,
        startCursor: `cursor of ${ids[0]}`,
        endCursor: `cursor of ${ids.at(-1)}`,
      },
      position,
    },
  };
}

const cacheOf = () => new InMemoryCache({ possibleTypes, typePolicies });
const idsIn = (cache: InMemoryCache, variables = {}) => {
  const { orders } = cache.readQuery<ReturnType<typeof page>>({ query, variables })!;
  expect(orders.nodes.map(({ id }) => id)).toEqual(orders.edges.map(({ node }) => node.id));
  return orders.nodes.map(({ id }) => id);
};

test('the pages of a list are joined, and the result keeps the oldest position', () => {
  const cache = cacheOf();
  cache.writeQuery({ query, data: page(['d', 'c'], '5', 1, true) });
  cache.writeQuery({ query, variables: { after: 'cursor of c' }, data: page(['b', 'a'], '8') });
  expect(idsIn(cache)).toEqual(['d', 'c', 'b', 'a']);
  const { orders } = cache.readQuery<ReturnType<typeof page>>({ query })!;
  expect(orders.position).toBe('5');
  expect(orders.pageInfo).toMatchObject({
    hasNextPage: false,
    startCursor: 'cursor of d',
    endCursor: 'cursor of a',
  });
});

test('an entry of a page that is read again appears once, in its newest version', () => {
  const cache = cacheOf();
  cache.writeQuery({ query, data: page(['d', 'c'], '5', 1, true) });
  cache.writeQuery({ query, variables: { after: 'cursor of c' }, data: page(['b', 'a'], '6') });
  cache.writeQuery({ query, variables: { after: 'cursor of c' }, data: page(['b', 'a'], '7', 2) });
  expect(idsIn(cache)).toEqual(['d', 'c', 'b', 'a']);
});

test('a previous page comes in front, a first page replaces all, and another filter is another list', () => {
  const cache = cacheOf();
  cache.writeQuery({ query, data: page(['b', 'a'], '5') });
  cache.writeQuery({ query, variables: { before: 'cursor of b' }, data: page(['d', 'c'], '3') });
  const filter = { statusIn: ['DRAFT'] };
  cache.writeQuery({ query, variables: { filter }, data: page(['x'], '9') });
  expect(idsIn(cache)).toEqual(['d', 'c', 'b', 'a']);
  expect(idsIn(cache, { filter })).toEqual(['x']);
  cache.writeQuery({ query, data: page(['e', 'd'], '9', 1, true) });
  expect(idsIn(cache)).toEqual(['e', 'd']);
  expect(cache.readQuery<ReturnType<typeof page>>({ query })!.orders.position).toBe('9');
});

test('objects without an id are merged, not replaced', () => {
  const cache = cacheOf();
  const part = (field: string) => gql`query { order(id: "o") { id total { ${field} } } }`;
  const write = (field: string, value: unknown) => {
    const total = { __typename: 'Money', [field]: value };
    cache.writeQuery({ query: part(field), data: { order: { __typename: 'Order', id: 'o', total } } });
  };
  write('amount', '12.50');
  write('currency', 'EUR');
  expect(cache.readQuery({ query: part('amount currency') })).toMatchObject({
    order: { total: { amount: '12.50', currency: 'EUR' } },
  });
});
