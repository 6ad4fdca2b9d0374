import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';
import { Client, type Exchange, makeOperation } from '@urql/core';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DocumentNode, getOperationAST, Kind, OperationTypeNode, parse, print } from 'graphql';
import { map, pipe } from 'wonka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../src/client/graphql-ws.ts';
import { possibleTypes } from '../../src/client/index.ts';
import { createStreamClient } from '../../src/client/sse.ts';
import { createSession } from '../../src/client/session.ts';
import { orderstreamExchanges } from '../../src/client/urql.ts';
import {
  CreateOrderDocument,
  CustomerDocument,
  CustomerOrdersUpdatedDocument,
  RenameCustomerDocument,
} from '../generated/graphql.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { openEventStream } from '../support/event-stream.ts';
import { post } from '../support/post.ts';
import { connectSocket } from '../support/socket.ts';
import type { Answer } from '../support/typed-document.ts';
import { useShop } from '../support/use-shop.ts';

/** The output of client-preset for test/operations/: hashes and manifest. */
const manifest = fileURLToPath(new URL('../generated/persisted-documents.json', import.meta.url));
const untrusted = '{ viewer { role } }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

interface Hashed {
  readonly __meta__?: Readonly<Record<string, unknown>> | undefined;
}
const hashOf = ({ __meta__ }: Hashed): string => __meta__?.['hash'] as string;
const by = (sha256Hash: string) => ({ persistedQuery: { version: 1 as const, sha256Hash } });

const { database, app: open, shop } = useShop({ TRUSTED_DOCUMENTS: manifest });
let strict: TestApp;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-trusted-'));
  strict = await startApp({ DATABASE_URL: database.url, TRUSTED_DOCUMENTS: manifest, TRUSTED_DOCUMENTS_ONLY: 'on' });
});
afterAll(async () => {
  await strict.stop();
  await rm(folder, { recursive: true });
});

interface Asked {
  readonly query?: string;
  readonly variables?: object;
  readonly extensions?: object;
}

async function fetched(
  url: string,
  how: Omit<RequestInit, 'headers'> = {},
  more: Readonly<Record<string, string>> = {},
) {
  const headers = { authorization: `Bearer ${shop.staff}`, ...more };
  const response = await fetch(url, { ...how, headers });
  return (await response.json()) as Answer<Record<string, Record<string, unknown>>>;
}

function posted(accept: string) {
  return ({ url }: TestApp, asked: Asked) =>
    fetched(
      `${url}/graphql`,
      { method: 'POST', body: JSON.stringify(asked) },
      { accept, 'content-type': 'application/json' },
    );
}

type Way = (app: TestApp, asked: Asked) => Promise<Answer<Record<string, Record<string, unknown>>>>;

const ways: Readonly<Record<string, Way>> = {
  'POST, on the fast path': posted('application/json'),
  'POST, through yoga': posted('application/json, */*;q=0.1'),
  GET: ({ url }, { query, ...more }) => {
    const search = new URLSearchParams({ ...(query !== undefined && { query }) });
    for (const [name, value] of Object.entries(more)) search.set(name, JSON.stringify(value));
    return fetched(`${url}/graphql?${search}`);
  },
  SSE: async ({ url }, { query = '', variables, extensions = {} }) => {
    const stream = await openEventStream(url, query, variables, { token: shop.staff, extensions });
    // A rejection before anything was opened is a response, not a stream, for a client that accepts both.
    const answer = await stream.next();
    stream.close();
    await stream.ended;
    return answer as never;
  },
  WebSocket: async ({ url }, { query = '', variables = {}, extensions }) => {
    const socket = await connectSocket(url, shop.staff);
    const { type, payload } = await socket.subscribe(query, variables as never, extensions).frame();
    await socket.close();
    return type === 'error' ? { errors: payload as never } : (payload as never);
  },
};

describe.each(Object.entries(ways))('over %s', (_way, ask) => {
  const asked = () => ({ variables: { id: shop.customer.id }, extensions: by(hashOf(CustomerDocument)) });

  test('a document is served by its hash, whether or not other documents are served', async () => {
    for (const app of [open, strict]) {
      const { data, errors } = await ask(app, asked());
      expect(errors).toBeUndefined();
      expect(data?.['customer']).toMatchObject({ id: shop.customer.id });
    }
  });

  test('a hash beside another document is rejected', async () => {
    for (const app of [open, strict]) {
      expect(await ask(app, { ...asked(), query: untrusted })).toMatchObject({
        errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
      });
    }
  });

  test('an unknown hash is rejected with a code, and so is any other document if only trusted ones are served', async () => {
    const unknown = { extensions: by(sha256(untrusted)) };
    expect(await ask(open, unknown)).toMatchObject({
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect((await ask(open, { query: untrusted })).data).toEqual({ viewer: { role: 'STAFF' } });
    for (const refused of [unknown, { query: untrusted }, { query: untrusted, ...unknown }]) {
      const { data, errors } = await ask(strict, refused);
      expect(data ?? null).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  test('introspection is off if only trusted documents are served, in development too', async () => {
    const query = '{ __schema { types { name } } }';
    expect(await ask(strict, { query })).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect((await ask(open, { query })).data).toHaveProperty('__schema');
  });
});

test('subscriptions resume by hash over WebSocket and SSE, with our clients, which send no text', async () => {
  const asked = {
    query: String(CustomerOrdersUpdatedDocument),
    variables: { customerId: shop.customer.id },
    extensions: by(hashOf(CustomerOrdersUpdatedDocument)),
  };
  const token = () => shop.customer.token;
  const sockets = createClient({ url: `${strict.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, token });
  const streams = createStreamClient({ url: `${strict.url}/graphql`, token });
  const both = [sockets.iterate(asked), streams.iterate(asked)];
  const kinds = async () =>
    (await Promise.all(both.map(frames => frames.next()))).map(
      ({ value }) => (value as Answer<unknown>).extensions?.['kind'],
    );
  expect(await kinds()).toEqual(['PROGRESS', 'PROGRESS']);
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const { errors } = await post(
    strict.url,
    '',
    { input },
    {
      token: shop.customer.token,
      extensions: by(hashOf(CreateOrderDocument)),
    },
  );
  expect(errors).toBeUndefined();
  expect(await kinds()).toEqual(['UPDATE', 'UPDATE']);
  for (const frames of both) await frames.return?.();
  await sockets.dispose();
});

test('a mutation by its hash is rejected by GET, as by its text', async () => {
  const variables = { input: { customerId: shop.customer.id, name: 'By GET' } };
  for (const app of [open, strict]) {
    const { data, errors } = await ways['GET']!(app, { variables, extensions: by(hashOf(RenameCustomerDocument)) });
    expect(data ?? null).toBeNull();
    expect(errors).toHaveLength(1);
  }
});

test('trusted documents have the same limits as all others', async () => {
  const text = `{ ${Array.from({ length: 51 }, (_, n) => `a${n}: __typename`).join(' ')} }`;
  const file = join(folder, 'bomb.json');
  await writeFile(file, JSON.stringify({ [sha256(text)]: text }));
  const app = await startApp({ DATABASE_URL: database.url, TRUSTED_DOCUMENTS: `${manifest}, ${file}` });
  for (const name of ['POST, on the fast path', 'GET', 'WebSocket']) {
    const { errors } = await ways[name]!(app, { extensions: by(sha256(text)) });
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED', name: 'aliases' } }]);
  }
  await app.stop();
});

test('the first caller of a trusted document is not charged for parsing it, unlike that of any other', async () => {
  const texts = Array.from({ length: 4 }, (_, n) => `query Q${n} { viewer { role } } # ${'long '.repeat(1_600)}`);
  const file = join(folder, 'long.json');
  await writeFile(file, JSON.stringify(Object.fromEntries(texts.slice(2).map(text => [sha256(text), text]))));
  const env = { DATABASE_URL: database.url, TRUSTED_DOCUMENTS: file, LIMIT_CUSTOMER_RATE: '10' };
  const app = await startApp(env);
  const codes: unknown[] = [];
  // They have a hundred operations in ten seconds, and each of these counts as fifty; a window may end at any time.
  await eventually(async () => {
    const asked = [texts[2], texts[3], `# ${codes.length}\n${texts[0]}`, `# ${codes.length}\n${texts[1]}`];
    for (const query of asked) {
      const { errors } = await post(app.url, query!, {}, { token: shop.customer.token });
      codes.push(errors?.[0]?.extensions.code);
    }
    expect(codes.slice(-4)).toEqual([undefined, undefined, undefined, 'RATE_LIMITED']);
  });
  await app.stop();
});

test('a server without a manifest answers with the messages that clients know', async () => {
  const app = await startApp({ DATABASE_URL: database.url });
  for (const ask of Object.values(ways)) {
    const { errors } = await ask(app, { extensions: by(sha256(untrusted)) });
    expect(errors).toMatchObject([{ message: 'PersistedQueryNotSupported', extensions: { code: 'BAD_USER_INPUT' } }]);
  }
  await app.stop();
});

/** The requests on the wire. */
function recorded() {
  const bodies: string[] = [];
  const spy: typeof fetch = (input, init) => {
    const body = typeof init?.body === 'string' ? init.body : '';
    const address = input instanceof Request ? input.url : String(input);
    bodies.push(`${init?.method ?? 'GET'} ${decodeURIComponent(address)} ${body}`);
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${shop.customer.token}`);
    return fetch(input, { ...init, headers });
  };
  return { bodies, spy };
}

/** A document of client-preset in the form that Apollo needs. */
function node(document: Hashed & { toString(): string }): DocumentNode {
  return parse(document.toString());
}

function nameOf(document: DocumentNode): string | undefined {
  return getOperationAST(document)?.name?.value;
}

const trusted = [CustomerDocument, RenameCustomerDocument, CustomerOrdersUpdatedDocument];

function withTypenames(document: DocumentNode): DocumentNode {
  const [transformed] = addTypenameSelectionDocumentTransform.transform({
    documents: [{ document }],
    config: {},
    schema: { kind: Kind.DOCUMENT, definitions: [] },
    pluginContext: {},
  }) as { readonly document: DocumentNode }[];
  return transformed!.document;
}

describe.each([false, true])('Apollo’s PersistedQueryLink, with GET for hashed queries: %s', useGETForHashedQueries => {
  function apollo(app: TestApp, hashing: Pick<PersistedQueryLink.Options, 'sha256' | 'generateHash'>) {
    const { bodies, spy } = recorded();
    const sockets = createClient({
      url: `${app.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      token: () => shop.customer.token,
    });
    const transport = ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(sockets),
      new HttpLink({ uri: `${app.url}/graphql`, fetch: spy }),
    );
    const link = new PersistedQueryLink({ ...hashing, useGETForHashedQueries } as PersistedQueryLink.Options);
    const client = new ApolloClient({ link: link.concat(transport), cache: new InMemoryCache({ possibleTypes }) });
    const close = async () => {
      client.stop();
      await sockets.dispose();
    };
    return { client, bodies, close };
  }

  test('is served by the hashes of its front end, if only trusted documents are served', async () => {
    // Its cache needs `__typename`, which must be in the documents before they are hashed.
    const texts = new Map(
      trusted.map(document => [nameOf(node(document)), print(withTypenames(node(document)))] as const),
    );
    const file = join(folder, `apollo-${useGETForHashedQueries}.json`);
    await writeFile(file, JSON.stringify(Object.fromEntries([...texts.values()].map(text => [sha256(text), text]))));
    const app = await startApp({ DATABASE_URL: database.url, TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'on' });
    const generateHash = (document: DocumentNode) => sha256(texts.get(nameOf(document))!);
    const { client, bodies, close } = apollo(app, { generateHash });
    const { id } = shop.customer;
    const { data } = await client.query({ query: node(CustomerDocument), variables: { id } });
    expect(data).toMatchObject({ customer: { id } });
    const input = { customerId: id, name: `Renamed ${useGETForHashedQueries}` };
    const renamed = await client.mutate({ mutation: node(RenameCustomerDocument), variables: { input } });
    expect(renamed.data).toMatchObject({ renameCustomer: { customer: { name: input.name } } });
    const frames: unknown[] = [];
    const watching = client
      .subscribe({ query: node(CustomerOrdersUpdatedDocument), variables: { customerId: id } })
      .subscribe({ next: frame => frames.push(frame), error: error => frames.push(error) });
    await eventually(() => expect(frames[0]).toMatchObject({ data: { customerOrdersUpdated: { kind: 'PROGRESS' } } }));
    watching.unsubscribe();
    await close();
    await app.stop();
    expect(bodies.map(body => body.startsWith('GET'))).toEqual([useGETForHashedQueries, false]);
    for (const body of bodies) expect(body).not.toMatch(/fragment|[?&]query=|"query":/);
  });

  test('sends the text if a hash, or every hash, is unknown', async () => {
    const none = await startApp({ DATABASE_URL: database.url });
    for (const app of [open, none]) {
      const { client, bodies, close } = apollo(app, { sha256 });
      const { data } = await client.query({ query: parse(untrusted) });
      expect(data).toMatchObject({ viewer: { role: 'CUSTOMER' } });
      expect(bodies).toHaveLength(2);
      await close();
    }
    await none.stop();
  });
});

const hashes = new Map(trusted.map(document => [nameOf(node(document)), hashOf(document)]));

/** As @urql/exchange-persisted does: urql omits the text by itself if there is a known hash. */
const persisted: Exchange =
  ({ forward }) =>
  operations =>
    pipe(
      operations,
      map(operation => {
        const { kind, context } = operation;
        if (kind === 'teardown') return operation;
        const sha256Hash = hashes.get(nameOf(operation.query))!;
        const extensions = { ...operation.extensions, ...by(sha256Hash) };
        return makeOperation(kind, { ...operation, extensions }, context);
      }),
      forward,
    );

test('urql’s persisted exchange is served by the hashes of client-preset, if only trusted documents are served', async () => {
  const { bodies, spy } = recorded();
  const session = createSession({ url: `${strict.url}/graphql`, fetch: spy });
  const exchanges = orderstreamExchanges(session, persisted);
  const client = new Client({ url: session.url, preferGetMethod: false, exchanges });
  const { id } = shop.customer;
  const read = await client.query(node(CustomerDocument), { id }).toPromise();
  expect(read).toMatchObject({ error: undefined, data: { customer: { id } } });
  const input = { customerId: id, name: 'Renamed by urql' };
  const renamed = await client.mutation(node(RenameCustomerDocument), { input }).toPromise();
  expect(renamed).toMatchObject({ error: undefined, data: { renameCustomer: { customer: { name: input.name } } } });
  expect(bodies.map(body => body.split(' ')[0])).toEqual(['POST', 'POST']);
  session.close();
  for (const body of bodies) expect(body).not.toMatch(/fragment|[?&]query=|"query":/);
});
