// Who may ask for what, by which way in: generated from the schema, each cell asserted.
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Asker, openAsker } from '../support/ask.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { openSocket } from '../support/socket.ts';
import { customerToken, staffToken } from '../support/tokens.ts';
import type { Answer } from '../support/typed-document.ts';

/** Whom a root field answers: staff, whoever has what it is about, or anybody with a token. */
type Audience = 'staff' | 'owner' | 'anyone';

/** Written by hand, beside what the code declares: a rule that changes fails here, and so does a field that is missing. */
const audiences: Readonly<Record<string, Audience>> = {
  node: 'owner',
  nodes: 'owner',
  viewer: 'anyone',
  order: 'owner',
  orderAt: 'owner',
  orderByNumber: 'owner',
  orders: 'staff',
  customer: 'owner',
  customers: 'staff',
  product: 'anyone',
  products: 'anyone',
  salesByDay: 'staff',
  topProducts: 'staff',
  projections: 'staff',
  registerCustomer: 'anyone',
  renameCustomer: 'owner',
  createOrder: 'anyone',
  addOrderItem: 'owner',
  removeOrderItem: 'owner',
  changeOrderItemQuantity: 'owner',
  submitOrder: 'owner',
  confirmOrder: 'staff',
  shipOrder: 'staff',
  deliverOrder: 'staff',
  cancelOrder: 'owner',
  addProduct: 'staff',
  changeProduct: 'staff',
  orderUpdated: 'owner',
  customerOrdersUpdated: 'owner',
  ordersUpdated: 'staff',
  orderEvents: 'owner',
  eventsAppended: 'staff',
  projectionsUpdated: 'staff',
};

type Kind = 'query' | 'mutation' | 'subscription';
const roots = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
] as const;
const fields = roots.flatMap(([kind, type]) => Object.values(type!.getFields()).map(field => ({ kind, field })));

const known = ['customer', 'other', 'staff'] as const;
const unknown = ['nobody', 'expired', 'forged', 'wrong audience'] as const;
type Caller = (typeof known)[number] | (typeof unknown)[number];
type Way = 'POST' | 'GET' | 'SSE' | 'WebSocket';
const ways: { readonly [W in Way]: readonly Kind[] } = {
  POST: ['query', 'mutation'],
  GET: ['query'],
  SSE: ['query', 'mutation', 'subscription'],
  WebSocket: ['query', 'mutation', 'subscription'],
};

type Verdict = 'answered' | 'as if it were missing' | 'UNAUTHENTICATED' | 'FORBIDDEN';

function expected(caller: Caller, name: string): Verdict {
  if ((unknown as readonly string[]).includes(caller)) return 'UNAUTHENTICATED';
  const audience = audiences[name];
  if (caller === 'staff' || audience === 'anyone') return 'answered';
  if (audience === 'staff') return 'FORBIDDEN';
  return caller === 'customer' ? 'answered' : 'as if it were missing';
}

function verdictOf(name: string, { data, errors }: Answer<Record<string, unknown>>): Verdict {
  const code = errors?.[0]?.extensions.code;
  const value = data?.[name];
  if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') {
    expect(value ?? null).toBeNull();
    return code;
  }
  if (code === 'NOT_FOUND') return 'as if it were missing';
  expect(errors).toBeUndefined();
  const first = Array.isArray(value) && name === 'nodes' ? (value[0] as unknown) : value;
  const missing = first === null || (first as { readonly __typename?: string }).__typename === 'NotFoundError';
  return missing ? 'as if it were missing' : 'answered';
}

const audience = 'orders';
const ids: Record<string, string> = {};
let database: TestDatabase;
let app: TestApp;
let tokens: { readonly [Name in Caller]: string | undefined };

beforeAll(async () => {
  database = await freshDatabase();
  app = await startApp({ DATABASE_URL: database.url, AUTH_AUDIENCE: audience });
  const [customer, other] = ['cus_00000000-0000-4000-8000-00000000000a', 'cus_00000000-0000-4000-8000-00000000000b'];
  tokens = {
    customer: await customerToken(customer, { audience }),
    other: await customerToken(other, { audience }),
    staff: await staffToken({ audience }),
    nobody: undefined,
    expired: await staffToken({ audience, expires: Math.floor(Date.now() / 1000) - 60 }),
    forged: await staffToken({ audience, secret: 'another secret, as long as the right one' }),
    'wrong audience': await staffToken({ audience: 'invoices' }),
  };
  const by = (caller: Caller) => openAsker.HTTP(app.url, tokens[caller]);
  const [asCustomer, asOther, asStaff] = await Promise.all([by('customer'), by('other'), by('staff')]);
  const register = 'mutation { registerCustomer(input: { name: "N", email: "n@example.org" }) { __typename } }';
  await Promise.all([asCustomer.ask(register), asOther.ask(register)]);
  const product = await asStaff.ask<{ addProduct: { productId: string } }>(
    `mutation { addProduct(input: { sku: "S", name: "P", price: { amount: "1", currency: "EUR" } }) {
      ... on ProductCommandPayload { productId } } }`,
  );
  const { productId } = product.data!.addProduct;
  const made = await asCustomer.ask<{
    createOrder: { order: { id: string; number: string; lines: { id: string }[] } };
  }>(
    `mutation { createOrder(input: { items: [{ productId: "${productId}", quantity: 1 }] }) {
      ... on OrderCommandPayload { order { id number lines { id } } } } }`,
  );
  const { order } = made.data!.createOrder;
  Object.assign(ids, { order: order.id, customer, product: productId, line: order.lines[0]!.id, number: order.number });
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

/** A value that the field takes: about the customer's own order wherever it names something. */
function sample(type: GraphQLInputType, name: string, field: string): unknown {
  if (isNonNullType(type)) return sample(type.ofType, name, field);
  if (isListType(type)) return [sample(type.ofType, name, field)];
  if (isInputObjectType(type)) {
    if (type.isOneOf) return { version: 1 };
    return Object.fromEntries(given(Object.values(type.getFields()), field));
  }
  switch (type.name) {
    case 'ID':
      return ids[name.replace(/Id$/, '')] ?? ids[field.replace(/[A-Z].*/, '')] ?? ids['order'];
    case 'Int':
      return 1;
    case 'Date':
      return '2026-01-01';
    case 'CurrencyCode':
      return 'EUR';
    case 'Decimal':
      return '1.00';
    default:
      return name === 'number' ? ids['number'] : name === 'email' ? 'x@example.org' : crypto.randomUUID();
  }
}

/** What is required, and nothing else. */
function given(inputs: readonly (GraphQLArgument | GraphQLInputField)[], field: string) {
  return inputs
    .filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined)
    .map(({ name, type }) => [name, sample(type, name, field)] as const);
}

function operationOf(kind: Kind, field: GraphQLField<unknown, unknown>) {
  const required = field.args.filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined);
  const declared = required.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = required.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const document = `${kind}${declared && ` (${declared})`} { ${field.name}${passed && `(${passed})`}${selection} }`;
  return { document, variables: Object.fromEntries(given(field.args, field.name)) };
}

async function askByGet(document: string, variables: object, token: string | undefined) {
  const query = new URLSearchParams({ query: document, variables: JSON.stringify(variables) });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${app.url}/graphql?${query}`, { headers });
  return { status: response.status, answer: (await response.json()) as Answer<Record<string, unknown>> };
}

async function openWay(way: Way, caller: Caller): Promise<Asker> {
  if (way !== 'GET') return openAsker[way === 'POST' ? 'HTTP' : way](app.url, tokens[caller]);
  const ask = async (document: unknown, variables: object = {}) =>
    (await askByGet(String(document), variables, tokens[caller])).answer;
  return { ask: ask as Asker['ask'], close: () => Promise.resolve() };
}

test('every root field stands in the table', () => {
  expect(fields.map(({ field }) => field.name).filter(name => audiences[name] === undefined)).toEqual([]);
});

const cells = (Object.keys(ways) as Way[]).flatMap(way => [...known, ...unknown].map(caller => ({ way, caller })));

describe.each(cells)('by $way, $caller', ({ way, caller }) => {
  test('is answered, refused, or told that it is missing, as the table says', async () => {
    if (way === 'WebSocket' && (unknown as readonly string[]).includes(caller)) {
      // Nobody unknown has a socket to ask anything on.
      const socket = await openSocket(app.url);
      const token = tokens[caller];
      socket.send({
        type: 'connection_init',
        payload: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      });
      expect((await socket.closed).code).toBe(4403);
      await socket.close();
      return;
    }
    const asker = await openWay(way, caller);
    const table: Record<string, [Verdict, Verdict]> = {};
    for (const { kind, field } of fields) {
      if (!ways[way].includes(kind)) continue;
      const { document, variables } = operationOf(kind, field);
      const answer = await asker.ask(document, variables);
      table[field.name] = [verdictOf(field.name, answer), expected(caller, field.name)];
    }
    await asker.close();
    expect(Object.keys(table).length).toBeGreaterThan(10);
    expect(Object.entries(table).filter(([, [is, shouldBe]]) => is !== shouldBe)).toEqual([]);
  });
});

test('a mutation by GET is refused to everybody, and does nothing', async () => {
  const countOf = async () => {
    const { data } = await (await openWay('POST', 'staff')).ask('{ products { totalCount } }');
    return data;
  };
  const before = await countOf();
  for (const caller of [...known, ...unknown]) {
    for (const { kind, field } of fields) {
      if (kind !== 'mutation') continue;
      const { document, variables } = operationOf(kind, field);
      const { status, answer } = await askByGet(document, variables, tokens[caller]);
      expect([field.name, status >= 400, answer.data ?? null]).toEqual([field.name, true, null]);
    }
  }
  expect(await countOf()).toEqual(before);
});
