// Live lists, orders, counts and commands on a server that accepts trusted documents only.
import { ApolloClient } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { cacheExchange, Client } from '@urql/core';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { type DocumentNode, parse } from 'graphql';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { apolloOperations, orderstreamApollo, orderstreamLink } from '../../src/client/apollo.ts';
import { trustedDocuments } from '../../src/client/codegen.ts';
import {
  commandDocument,
  countsDocument,
  createCommands,
  createLiveCounts,
  createLiveList,
  createLiveOrder,
  createSession,
  keys,
  type LiveCounts,
  type LiveList,
  type LiveOrder,
  listDocuments,
  type Operations,
  orderDocument,
  possibleTypes,
  readDocument,
  type Session,
  sessionOperations,
} from '../../src/client/index.ts';
import { orderstreamExchanges, urqlOperations } from '../../src/client/urql.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { useShop } from '../support/use-shop.ts';

const fragment = parse('fragment Row on Order { number status customer { name } total { amount } }');
const own = parse('query Own($id: ID!) { customer(id: $id) { name orders(first: 1) { nodes { number } } } }');
const ownWatch = parse('subscription OwnWatch($id: ID!) { customerUpdated(id: $id) { customer { name } } }');

const { database, shop } = useShop();
let folder: string;
let strict: TestApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-trusted-'));
  const file = join(folder, 'manifest.json');
  const documents = [
    ...[own, ownWatch, ...listDocuments({ fragment }), orderDocument(fragment), countsDocument()],
    ...[commandDocument('createOrder'), readDocument('Order')],
  ];
  await writeFile(file, JSON.stringify(await trustedDocuments(documents)));
  strict = await startApp({ DATABASE_URL: database.url, TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'on' });
});
afterAll(async () => {
  await strict.stop();
  await rm(folder, { recursive: true });
});

interface Opened {
  readonly operations: Operations;
  readonly query: (document: DocumentNode, variables: object) => Promise<unknown>;
  readonly watch: (document: DocumentNode, variables: object, onData: (data: unknown) => void) => void;
}

function apollo(session: Session, client: ApolloClient): Opened {
  return {
    operations: apolloOperations(client, session),
    query: async (query, variables) => (await client.query({ query, variables })).data,
    watch: (query, variables, onData) => {
      client.subscribe({ query, variables }).subscribe(({ data }) => onData(data));
    },
  };
}

function urql(session: Session, cache: typeof cacheExchange): Opened {
  const client = new Client({ url: session.url, exchanges: orderstreamExchanges(session, cache) });
  return {
    operations: urqlOperations(client, session),
    query: async (document, variables) => (await client.query(document, variables).toPromise()).data as unknown,
    watch: (document, variables, onData) => {
      client.subscription(document, variables).subscribe(({ data }) => onData(data));
    },
  };
}

const clients: Readonly<Record<string, (session: Session) => Opened>> = {
  'Apollo Client': session => apollo(session, new ApolloClient(orderstreamApollo(session))),
  'Apollo Client with hashes': session => {
    const hashes = new PersistedQueryLink({ sha256: text => createHash('sha256').update(text).digest('hex') });
    const link = hashes.concat(orderstreamLink(session));
    return apollo(session, new ApolloClient({ ...orderstreamApollo(session), link }));
  },
  'urql with its document cache': session => urql(session, cacheExchange),
  'urql with Graphcache': session => urql(session, graphcache({ keys, possibleTypes })),
  'no GraphQL client': session => {
    const operations = sessionOperations(session);
    return {
      operations,
      query: (document, variables) => operations.query(document, { ...variables }),
      watch: (document, variables, onData) => {
        const failed = () => onData('failed');
        operations.subscribe(
          document,
          { ...variables },
          { next: one => onData(one.data), error: failed, complete: failed },
        );
      },
    };
  },
};

test.each(Object.entries(clients))('%s is served what trustedDocuments() registers', async (_name, open) => {
  const token = () => shop.customer.token;
  const session = createSession({ url: `${strict.url}/graphql`, token, webSocket: WebSocket });
  const { operations, query, watch } = open(session);
  const { id } = shop.customer;
  const name = 'Ada Lovelace';
  const lives: (LiveList | LiveCounts | LiveOrder)[] = [
    createLiveList(operations, { fragment }),
    createLiveCounts(operations),
  ];
  const seen: unknown[] = [];
  watch(ownWatch, { id }, data => seen.push(data));
  expect(await query(own, { id })).toMatchObject({ customer: { name } });
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const result = await createCommands(operations).run('createOrder', input);
  if (!result.accepted) throw new Error(result.error.message);
  lives.push(createLiveOrder(operations, result.id, fragment));
  await eventually(() => {
    expect(lives.map(({ current }) => [current.error, current.status])).toEqual(lives.map(() => [undefined, 'live']));
    expect(lives[0]!.current).toMatchObject({
      rows: expect.arrayContaining([expect.objectContaining({ status: 'DRAFT' })]),
    });
    expect(seen[0]).toMatchObject({ customerUpdated: { customer: { name } } });
  });
  for (const live of lives) live.end();
  session.close();
});
