import { getIntrospectionQuery } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { openAsker, type Transport } from '../support/ask.ts';
import { doublingFragments } from '../support/doubling-fragments.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { registered } from '../support/shop.ts';
import { connectSocket, openSocket } from '../support/socket.ts';
import { staffToken } from '../support/tokens.ts';
import { useApp } from '../support/use-shop.ts';

const { database, app } = useApp();
let staff: string;

beforeAll(async () => {
  staff = await staffToken();
});

const missing = '"ord_00000000-0000-4000-8000-000000000000"';
const nested = (levels: number) => `${'customer { orders { nodes { '.repeat(levels)} id ${'} } } '.repeat(levels)}`;

const tooMuch: Readonly<Record<string, { readonly name: string; readonly selection: string; readonly rest?: string }>> =
  {
    aliases: { name: 'aliases', selection: Array.from({ length: 51 }, (_, n) => `a${n}: __typename`).join(' ') },
    'cost by doubling fragments': {
      name: 'cost',
      selection: '...F0',
      rest: doublingFragments(48, 'Order', 'customer { orders(first: 2) { position } }'),
    },
    'aliases by doubling fragments': {
      name: 'aliases',
      selection: '...F0',
      rest: doublingFragments(12, 'Order', 'id', n => `a${n}: id`),
    },
    depth: { name: 'depth', selection: nested(7) },
    'depth below a fragment': { name: 'depth', selection: '...Deep', rest: `fragment Deep on Order { ${nested(7)} }` },
    tokens: { name: 'tokens', selection: 'id '.repeat(2_001) },
    cost: {
      name: 'cost',
      selection: `customer { orders(first: 100) { nodes { customer { orders(first: 100) { nodes { total { amount } } } } } } }`,
    },
  };

describe.each(['HTTP', 'SSE', 'WebSocket'] satisfies Transport[])('over %s', transport => {
  test.each(Object.entries(tooMuch))(
    "too much of %s is rejected with the limit's name, and the next request is served",
    async (_, one) => {
      const asker = await openAsker[transport](app.url, staff);
      const field = transport === 'SSE' ? `orderUpdated(id: ${missing}) { order { ${one.selection} } }` : undefined;
      const query = `query { order(id: ${missing}) { ${one.selection} } } ${one.rest ?? ''}`;
      const { errors, data } = await asker.ask(field ? `subscription { ${field} } ${one.rest ?? ''}` : query);
      expect(data ?? null).toBeNull();
      expect(errors).toMatchObject([
        { extensions: { code: 'LIMIT_EXCEEDED', name: one.name, limit: expect.any(Number) } },
      ]);
      await asker.close();
      const { data: next } = await post(app.url, '{ viewer { role } }', {}, { token: staff });
      expect(next).toEqual({ viewer: { role: 'STAFF' } });
    },
  );
});

const deepOperations: Readonly<
  Record<string, { readonly transports: readonly Transport[]; readonly document: string }>
> = {
  query: {
    transports: ['HTTP', 'SSE', 'WebSocket'],
    document: 'query ($value: OrderFilter) { orders(filter: $value) { totalCount } }',
  },
  mutation: {
    transports: ['HTTP', 'WebSocket'],
    document: 'mutation ($value: CreateOrderInput!) { createOrder(input: $value) { __typename } }',
  },
  subscription: {
    transports: ['SSE', 'WebSocket'],
    document: 'subscription ($value: OrderFilter) { ordersUpdated(filter: $value) { position } }',
  },
};
/** `JSON.stringify()` fails on this depth, so the text is concatenated. */
const deepText = (query: string, value: string) => `{"query":${JSON.stringify(query)},"variables":{"value":${value}}}`;

describe.each(Object.entries(deepOperations))('a variable nested 5,000 deep on a %s', (_, { transports, document }) => {
  test.each(transports)('is BAD_USER_INPUT over %s', async transport => {
    for (const value of ['['.repeat(5_000) + ']'.repeat(5_000), `${'{"search":'.repeat(5_000)}1${'}'.repeat(5_000)}`]) {
      const body = deepText(document, value);
      if (transport === 'WebSocket') {
        const socket = await connectSocket(app.url, staff);
        socket.send(`{"id":"deep","type":"subscribe","payload":${body}}`);
        expect(await socket.frame()).toMatchObject({
          id: 'deep',
          type: 'error',
          payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
        });
        await socket.close();
        continue;
      }
      const accept = transport === 'SSE' ? 'text/event-stream' : 'application/json';
      const headers = { accept, 'content-type': 'application/json', authorization: `Bearer ${staff}` };
      const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
      expect(await answer.text()).toContain('"code":"BAD_USER_INPUT"');
    }
  });
});

test('cost is computed from list sizes, also those in variables, and each response reports it', async () => {
  const page = `query ($n: Int = 3) { customers(first: $n) { nodes { orders(first: $n) { nodes { lines { id } } } } } }`;
  const costOf = async (variables: object) =>
    (await post(app.url, page, variables, { token: staff })).extensions?.['cost' as never];
  // The page and a customer for each row; an orders page and, for each order, itself and five lines.
  const cost = (n: number) => n * (1 + 1 * (1 + n * (1 + 1 * (1 + 5))));
  expect(await costOf({})).toBe(cost(3));
  expect(await costOf({ n: 10 })).toBe(cost(10));
  const sized = async (list: string, variables = '') => {
    const document = `query ${variables} { ${list} { nodes { id } } }`;
    return (await post(app.url, document, {}, { token: staff })).extensions?.['cost' as never];
  };
  // If an argument is null, the other arguments decide.
  expect(await sized('orders(first: $n, last: 90)', '($n: Int)')).toBe(await sized('orders(last: 90)'));
  expect(await sized('orders(first: $n)', '($n: Int = 90)')).toBe(await sized('orders(first: 90)'));
  const { errors } = await post(app.url, page, { n: 100 }, { token: staff });
  expect(errors).toMatchObject([{ extensions: { name: 'cost', limit: 25_000, cost: cost(100) } }]);
});

test("GraphiQL's introspection query is within the limits", async () => {
  const { errors, data } = await post(
    app.url,
    getIntrospectionQuery({ inputValueDeprecation: true }),
    {},
    { token: staff },
  );
  expect(errors).toBeUndefined();
  expect(data).toHaveProperty('__schema');
});

test('fragments that spread each other are rejected, not followed', async () => {
  const cycle = `{ order(id: ${missing}) { ...A } } fragment A on Order { ...B } fragment B on Order { ...A }`;
  expect((await post(app.url, cycle, {}, { token: staff })).errors).toMatchObject([
    { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
});

test('a batch of operations is rejected', async () => {
  const body = JSON.stringify([{ query: '{ viewer { role } }' }, { query: '{ viewer { role } }' }]);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${staff}` };
  const answer = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
  expect(answer.status).toBe(400);
});

const windowMs = 10_000;

/** @returns the result of `send`, and the number of the rates' windows that it touched */
async function inWindows(send: () => Promise<number>): Promise<{ readonly count: number; readonly windows: number }> {
  const first = Math.floor(Date.now() / windowMs);
  const count = await send();
  return { count, windows: Math.floor(Date.now() / windowMs) - first + 1 };
}

/** Sends this many requests at once. @returns how many were served */
async function served(apps: readonly TestApp[], token: string, requests: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, n) => post(apps[n % apps.length]!.url, '{ viewer { role } }', {}, { token })),
  );
  for (const { errors } of answers.filter(answer => answer.errors)) {
    expect(errors).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', name: 'rate', limit: 2, retryAfter: expect.any(Number) } },
    ]);
  }
  return answers.filter(answer => !answer.errors).length;
}

test('a caller that exceeds its rate is told when to retry, and other callers are not affected', async () => {
  const limited = await startApp({ DATABASE_URL: database.url, LIMIT_CUSTOMER_RATE: '2' });
  const [busy, bystander] = [await registered(limited.url), await registered(limited.url)];
  // A window may end while the requests are in flight.
  const { count, windows } = await inWindows(() => served([limited], busy.token, 60));
  expect(count).toBeGreaterThanOrEqual(20);
  expect(count).toBeLessThanOrEqual(20 * windows);
  expect(await served([limited], bystander.token, 5)).toBe(5);
  const socket = await openAsker.WebSocket(limited.url, busy.token);
  await eventually(async () => {
    expect((await socket.ask('{ viewer { role } }')).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  });
  await socket.close();
  expect(await (await fetch(`${limited.url}/metrics`)).text()).toMatch(
    /orderstream_limit_rejections_total\{limit="rate"\} [1-9]/,
  );
  await limited.stop();
});

/**
 * Sends this many requests without a token or with an invalid one. @returns how many were rejected for another reason
 * than the rate
 */
async function notRateLimited(
  apps: readonly TestApp[],
  requests: number,
  headers: Readonly<Record<string, string>> = {},
) {
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, n) => {
      const forged = n % 2 === 0 ? {} : { authorization: 'Bearer not.a.token' };
      return post(apps[n % apps.length]!.url, '{ viewer { role } }', {}, { headers: { ...headers, ...forged } });
    }),
  );
  const limited = answers.filter(({ errors }) => errors?.[0]?.extensions.code === 'RATE_LIMITED');
  for (const { status, errors } of limited) {
    expect({ status, errors }).toMatchObject({
      status: 429,
      errors: [{ extensions: { name: 'rate', limit: 2, retryAfter: expect.any(Number) } }],
    });
  }
  expect(answers.filter(({ errors }) => errors?.[0]?.extensions.code === 'UNAUTHENTICATED')).toHaveLength(
    requests - limited.length,
  );
  return requests - limited.length;
}

test('requests without a valid token are counted by address, those with one are not', async () => {
  const app = await startApp({ DATABASE_URL: database.url, LIMIT_ADDRESS_RATE: '2', TRUSTED_PROXIES: '10.0.0.0/8' });
  const { count, windows } = await inWindows(() => notRateLimited([app], 60));
  expect(count).toBeGreaterThanOrEqual(20);
  expect(count).toBeLessThanOrEqual(20 * windows);
  // A window may end at any time, and another one then has to be used up.
  const stranger = { 'x-forwarded-for': '203.0.113.7' }; // not from a trusted proxy
  await eventually(async () => expect(await notRateLimited([app], 30, stranger)).toBe(0));
  const { data } = await post(app.url, '{ viewer { role } }', {}, { token: staff });
  expect(data).toEqual({ viewer: { role: 'STAFF' } });

  // Over the other transports.
  await eventually(async () => {
    await notRateLimited([app], 30);
    const asker = await openAsker.SSE(app.url, undefined);
    expect((await asker.ask('subscription { orderUpdated(id: "ord_x") { kind } }')).errors).toMatchObject([
      { extensions: { code: 'RATE_LIMITED' } },
    ]);
  });
  await eventually(async () => {
    await notRateLimited([app], 30);
    const socket = await openSocket(app.url);
    socket.send({ type: 'connection_init', payload: { Authorization: 'Bearer not.a.token' } });
    expect(await socket.closed).toEqual({ code: 1013, reason: 'RATE_LIMITED: try again later' });
  });
  const socket = await openAsker.WebSocket(app.url, staff);
  expect((await socket.ask('{ viewer { role } }')).data).toEqual({ viewer: { role: 'STAFF' } });
  await socket.close();
  await app.stop();
});

test('behind a trusted proxy, each request is counted by the address that the proxy reports', async () => {
  const env = { DATABASE_URL: database.url, LIMIT_ADDRESS_RATE: '2', TRUSTED_PROXIES: '127.0.0.1, ::1' };
  const app = await startApp(env);
  const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.99, ${address}` });
  await eventually(async () => {
    expect(await notRateLimited([app], 30, from('203.0.113.7'))).toBe(0);
    expect(await notRateLimited([app], 5, from('203.0.113.8'))).toBe(5);
  });
  await app.stop();
});

describeWithRedis('with Redis', () => {
  test('a caller’s rate is counted over all nodes together', async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl(), LIMIT_CUSTOMER_RATE: '2' };
    const [one, other] = [await startApp(env), await startApp(env)];
    const { token } = await registered(one.url);
    await eventually(async () => {
      // Used up on one node alone: the other node learns of it, unless the window has just ended.
      await served([one], token, 30);
      await new Promise(resolve => setTimeout(resolve, 600));
      expect(await served([other], token, 1)).toBe(0);
    });
    await Promise.all([one.stop(), other.stop()]);
  });

  test('an address’s rate is counted over all nodes together', async () => {
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl(),
      LIMIT_ADDRESS_RATE: '2',
      TRUSTED_PROXIES: '127.0.0.1, ::1',
    };
    const [one, other] = [await startApp(env), await startApp(env)];
    // An address of this run alone: other runs may use the same Redis.
    const [a, b] = crypto.getRandomValues(new Uint8Array(2));
    const headers = { 'x-forwarded-for': `100.64.${a}.${b}` };
    await eventually(async () => {
      await notRateLimited([one], 30, headers);
      await new Promise(resolve => setTimeout(resolve, 600));
      expect(await notRateLimited([other], 2, headers)).toBe(0);
    });
    await Promise.all([one.stop(), other.stop()]);
  });
});
