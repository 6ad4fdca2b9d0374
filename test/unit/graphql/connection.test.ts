import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createContext } from '../../../src/graphql/context.ts';
import { executeOperation } from '../../../src/server/execution/operation.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import { lastRead, pebbles, schema } from './mini-schema.ts';
import { logger } from '../server/mini-server.ts';

const identity = { actor: { role: 'staff', subject: 'anna' }, expiresAt: Infinity } as const;

const asked = (query: string, variableValues = {}) =>
  executeOperation({
    schema,
    document: parse(query),
    variableValues,
    contextValue: createContext({} as Dependencies, logger, { identity }),
  });

describe('connections', () => {
  test('edges, nodes and page info describe the same rows', async () => {
    const { data } = await asked(
      '{ pebbles(first: 2) { nodes { id } edges { cursor node { id collectedAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } position } }',
    );
    const page = data?.['pebbles'] as {
      nodes: { id: string }[];
      edges: { cursor: string; node: { id: string } }[];
      pageInfo: object;
    };
    expect(page.nodes.map(({ id }) => id)).toEqual(pebbles.slice(0, 2).map(({ pebbleId }) => pebbleId));
    expect(page.edges.map(({ node }) => node.id)).toEqual(page.nodes.map(({ id }) => id));
    expect(page.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: page.edges[0]?.cursor,
      endCursor: page.edges[1]?.cursor,
    });
    await asked('query ($after: String) { pebbles(after: $after) { nodes { id } } }', { after: page.edges[0]?.cursor });
    expect(lastRead.request?.cursor).toEqual({ value: 10, id: pebbles[0]?.pebbleId });
  });

  test('an empty page has no cursors', async () => {
    const { data } = await asked('{ pebbles(first: 0) { edges { cursor } pageInfo { startCursor endCursor } } }');
    expect(data?.['pebbles']).toEqual({ edges: [], pageInfo: { startCursor: null, endCursor: null } });
  });

  test.each([
    ['{ pebbles { totalCount } }', true],
    ['{ pebbles { count: totalCount } }', true],
    ['{ pebbles { ...{ totalCount } } }'.replace('...{', '... {'), true],
    ['{ pebbles { ...Page } } fragment Page on PebbleConnection { totalCount }', true],
    ['query ($with: Boolean = true) { pebbles { totalCount @include(if: $with) } }', true],
    ['{ pebbles { nodes { id } } }', false],
    ['query ($with: Boolean = false) { pebbles { nodes { id } totalCount @include(if: $with) } }', false],
    ['{ pebbles { nodes { id } ... @skip(if: true) { totalCount } } }', false],
    ['{ pebbles { totalCount: position } }', false],
  ])('%s is counted: %s', async (query, counted) => {
    expect((await asked(query)).errors).toBeUndefined();
    expect(lastRead.counted).toBe(counted);
  });

  test('a node is found by its id, for every type; a missing one is null', async () => {
    const [pebble] = pebbles;
    const missing = 'pbl_00000000-0000-4000-8000-00000000000f';
    const otherKind = 'xyz_00000000-0000-4000-8000-00000000000a';
    const { data } = await asked(
      'query ($ids: [ID!]!, $id: ID!) { node(id: $id) { __typename id ... on Pebble { weight } } nodes(ids: $ids) { id } }',
      { id: pebble?.pebbleId, ids: [pebble?.pebbleId, missing, otherKind] },
    );
    expect(data).toEqual({
      node: { __typename: 'Pebble', id: pebble?.pebbleId, weight: 10 },
      nodes: [{ id: pebble?.pebbleId }, null, null],
    });
  });
});
