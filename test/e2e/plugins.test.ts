import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  OrderDocument,
  OrderUpdatedDocument,
  OrdersDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { openEventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { connectSocket } from '../support/socket.ts';
import type { Answer } from '../support/typed-document.ts';
import { useShop } from '../support/use-shop.ts';

type Hook =
  | 'onRequest'
  | 'onRequestParse'
  | 'onParams'
  | 'onEnveloped'
  | 'onParse'
  | 'onValidate'
  | 'onContextBuilding'
  | 'onExecute'
  | 'onSubscribe'
  | 'onExecutionResult'
  | 'onResultProcess'
  | 'onResponse';

const steps = ['onEnveloped', 'onParse', 'onValidate', 'onContextBuilding'] as const;
const beforeSteps = ['onRequest', 'onRequestParse', 'onParams'] as const;
const afterSteps = ['onExecutionResult', 'onResultProcess', 'onResponse'] as const;
const hooks: readonly Hook[] = [...beforeSteps, ...steps, 'onExecute', 'onSubscribe', ...afterSteps];

/** The hooks that were called, and what a test lets them do. */
let called: string[] = [];
let does: Pick<Plugin<object, object>, Hook> = {};
afterEach(() => {
  does = {};
});

const inner = {
  onExecute: () => ({ onExecuteDone: () => void called.push('onExecuteDone') }),
  onSubscribe: () => ({
    onSubscribeResult: () => ({ onNext: () => void called.push('onNext'), onEnd: () => void called.push('onEnd') }),
  }),
};
const plugin = Object.fromEntries(
  hooks.map(hook => [
    hook,
    (payload: never): unknown => {
      called.push(hook);
      const done = (does[hook] as ((payload: never) => unknown) | undefined)?.(payload);
      return done ?? (hook in inner ? inner[hook as keyof typeof inner]() : undefined);
    },
  ]),
) as Plugin;

const { plugins } = vi.hoisted(() => ({ plugins: [] as Plugin[] }));
vi.mock('../../src/server/plugins.ts', () => ({ plugins }));
plugins.push(plugin);

const { app, shop } = useShop();

async function created(): Promise<string> {
  const { customer } = shop;
  return accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: customer.token })).orderId;
}
async function itemAdded(orderId: string): Promise<string> {
  const input = { orderId, productId: shop.productId };
  return accepted(await post(app.url, AddOrderItemDocument, { input }, { token: shop.staff })).position;
}

/** A GET of one query, as `post` sends a POST. */
async function get(text: string, variables: object): Promise<Answer<Record<string, unknown>> & { headers: Headers }> {
  const query = new URLSearchParams({ query: text, variables: JSON.stringify(variables) });
  const answer = await fetch(`${app.url}/graphql?${query}`, {
    headers: { authorization: `Bearer ${shop.staff}`, accept: 'application/graphql-response+json' },
  });
  return { ...((await answer.json()) as Answer<Record<string, unknown>>), headers: answer.headers };
}

type Ask = (text: string, variables: object) => Promise<Answer<Record<string, unknown>>>;
const asks: Readonly<Record<'POST' | 'GET' | 'WebSocket', Ask>> = {
  POST: (text, variables) => post(app.url, text, variables, { token: shop.staff }),
  GET: get,
  WebSocket: async (text, variables) => {
    const socket = await connectSocket(app.url, shop.staff);
    const operation = socket.subscribe(text, variables);
    const { type, payload } = await operation.frame();
    await socket.close();
    return type === 'error' ? { errors: payload as never } : (payload as Answer<Record<string, unknown>>);
  },
};

/** Subscribes to an order. */
const watches = {
  SSE: async (id: string) => {
    const stream = await openEventStream(app.url, OrderUpdatedDocument, { id }, { token: shop.staff });
    return {
      next: () => stream.next(),
      close: async () => {
        stream.close();
        await stream.ended;
      },
    };
  },
  WebSocket: async (id: string) => {
    const socket = await connectSocket(app.url, shop.staff);
    const operation = socket.subscribe<object>(String(OrderUpdatedDocument), { id });
    return {
      next: () => operation.next(),
      close: async () => {
        operation.complete();
        await socket.close();
      },
    };
  },
};

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)`, 'gm'))].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
}

describe('each hook runs', () => {
  const http = [...beforeSteps, ...steps, 'onExecute', 'onExecuteDone', ...afterSteps];
  const expected = { POST: http, GET: http, WebSocket: [...steps, 'onExecute', 'onExecuteDone'] };

  test.each(['POST', 'GET', 'WebSocket'] as const)('for each query over %s, also of a cached document', async how => {
    const id = await created();
    for (const text of [`query New${how} { order(id: "${id}") { id } }`, String(OrderDocument)]) {
      for (let time = 1; time <= 3; time++) {
        called = [];
        expect(await asks[how](text, { id })).toMatchObject({ data: { order: { id } } });
        expect(called).toEqual(expected[how]);
      }
    }
  });

  test.each(['POST', 'WebSocket'] as const)('for each mutation over %s', async how => {
    for (let time = 1; time <= 2; time++) {
      called = [];
      const input = { orderId: 'ord_00000000-0000-4000-8000-000000000000', productId: shop.productId };
      const { data } = await asks[how](String(AddOrderItemDocument), { input });
      expect(data).toMatchObject({ addOrderItem: { __typename: 'NotFoundError' } });
      expect(called).toEqual(expected[how]);
    }
  });

  test.each(['POST', 'GET', 'WebSocket'] as const)('for each invalid document over %s, up to the error', async how => {
    const upTo = how === 'WebSocket' ? steps.slice(0, 3) : [...beforeSteps, ...steps.slice(0, 3), ...afterSteps];
    for (let time = 1; time <= 2; time++) {
      called = [];
      const { errors } = await asks[how]('{ nothing }', {});
      expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
      expect(called).toEqual(upTo);
    }
  });

  test.each(['SSE', 'WebSocket'] as const)('for each subscription over %s, and for each of its frames', async how => {
    const id = await created();
    const begin = how === 'SSE' ? [...beforeSteps, ...steps, 'onSubscribe', ...afterSteps] : [...steps, 'onSubscribe'];
    for (let time = 1; time <= 2; time++) {
      called = [];
      const watch = await watches[how](id);
      expect(await watch.next()).toMatchObject({ extensions: { kind: 'SNAPSHOT' } });
      expect(called).toEqual([...begin, 'onNext']);
      called = [];
      const position = await itemAdded(id);
      expect(await watch.next()).toMatchObject({ extensions: { kind: 'UPDATE', position } });
      // The command's own hooks run in between.
      const ofFrames = () => called.filter(hook => ['onNext', 'onEnd'].includes(hook));
      expect(ofFrames()).toEqual(['onNext']);
      await watch.close();
      await eventually(() => expect(ofFrames()).toEqual(['onNext', 'onEnd']));
    }
  });
});

describe('what a plugin sets is sent', () => {
  const data = { order: { id: 'made by a plugin' } };

  test.each(['POST', 'GET', 'WebSocket'] as const)('over %s, instead of an execution', async how => {
    const id = await created();
    does = { onExecute: ({ setResultAndStopExecution }) => setResultAndStopExecution({ data }) };
    expect(await asks[how](String(OrderDocument), { id })).toMatchObject({ data });
  });

  test.each(['POST', 'GET', 'WebSocket'] as const)('over %s, instead of a result, which it sees as data', async how => {
    const id = await created();
    for (let time = 1; time <= 2; time++) {
      const seen: unknown[] = [];
      does = {
        onExecute: () => ({
          onExecuteDone({ result, setResult }) {
            if ('data' in result) seen.push(result.data);
            setResult({ ...result, extensions: { more: 1 } });
          },
        }),
      };
      const { data: sent, extensions } = await asks[how](String(OrderDocument), { id });
      expect(extensions).toEqual({ more: 1 });
      expect(sent).toMatchObject({ order: { id, status: 'DRAFT' } });
      expect(seen).toEqual([sent]);
    }
  });

  test.each(['SSE', 'WebSocket'] as const)('over %s, instead of a frame, to this subscriber only', async how => {
    const id = await created();
    const other = await watches[how](id);
    expect(await other.next()).toMatchObject({ data: { orderUpdated: { kind: 'SNAPSHOT', order: { id } } } });
    does = {
      onSubscribe: () => ({
        onSubscribeResult: () => ({
          onNext: ({ result, setResult }) => setResult({ ...result, data }),
        }),
      }),
    };
    const watch = await watches[how](id);
    expect(await watch.next()).toMatchObject({ data, extensions: { kind: 'SNAPSHOT' } });
    const position = await itemAdded(id);
    expect(await watch.next()).toMatchObject({ data, extensions: { kind: 'UPDATE', position } });
    expect(await other.next()).toMatchObject({ data: { orderUpdated: { kind: 'UPDATE', order: { id } } } });
    await Promise.all([watch.close(), other.close()]);
  });

  test('as one response over SSE and WebSocket, instead of a subscription', async () => {
    const id = await created();
    does = { onSubscribe: ({ setResultAndStopExecution }) => setResultAndStopExecution({ data }) };
    const headers = { accept: 'application/json, text/event-stream' };
    const answer = await post(app.url, OrderUpdatedDocument, { id }, { token: shop.staff, headers });
    expect(answer).toMatchObject({ status: 200, data });
    expect(await asks.WebSocket(String(OrderUpdatedDocument), { id })).toEqual({ data });
  });

  test('as headers of each response: POST, GET and SSE, whose position a client resumes from as ever', async () => {
    const id = await created();
    does = { onResponse: ({ response }) => response.headers.set('x-time', '7 ms') };
    const { headers } = await post(app.url, OrderDocument, { id }, { token: shop.staff });
    expect(headers.get('x-time')).toBe('7 ms');
    expect((await get(String(OrderDocument), { id })).headers.get('x-time')).toBe('7 ms');
    const stream = await openEventStream(app.url, OrderUpdatedDocument, { id }, { token: shop.staff });
    expect(stream.response.headers).toMatchObject({ 'x-time': '7 ms', 'content-type': 'text/event-stream' });
    const { id: position, data: frame } = await stream.event();
    expect(JSON.parse(frame)).toMatchObject({ extensions: { position } });
    stream.close();
    await stream.ended;
  });

  test('also if it answers in place of the server', async () => {
    does = {
      onRequest: payload => payload.endResponse(new payload.fetchAPI.Response('{}', { status: 402 })),
    };
    expect(await post(app.url, OrderDocument, { id: '' }, { token: shop.staff })).toMatchObject({ status: 402 });
  });
});

describe('what a plugin throws', () => {
  const id = 'ord_00000000-0000-4000-8000-000000000000';
  const onHttp = hooks.filter(hook => hook !== 'onSubscribe');
  const cases = [
    ...onHttp.map(hook => ['POST', hook] as const),
    ...onHttp.map(hook => ['GET', hook] as const),
    ...[...steps, 'onExecute' as const].map(hook => ['WebSocket', hook] as const),
  ];

  test.each(cases)('over %s in %s is the error of that response, without its text', async (how, hook) => {
    does = {
      [hook]: () => {
        throw new Error('the name of a host inside');
      },
    };
    const answer = await asks[how](String(OrderDocument), { id });
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
    expect(JSON.stringify(answer)).not.toContain('inside');
    does = {};
    expect((await asks[how](String(OrderDocument), { id })).errors).toBe(undefined);
  });

  test.each(cases)('over %s in %s is sent as it is if it has a code of the catalogue', async (how, hook) => {
    does = {
      [hook]: () => {
        throw new GraphQLError('Come back tomorrow.', { extensions: { code: 'FORBIDDEN' } });
      },
    };
    const { errors } = await asks[how](String(OrderDocument), { id });
    expect(errors).toMatchObject([{ message: 'Come back tomorrow.', extensions: { code: 'FORBIDDEN' } }]);
  });

  test.each(['SSE', 'WebSocket'] as const)('over %s at a frame ends that subscription with the error', async how => {
    const order = await created();
    does = {
      onSubscribe: () => ({
        onSubscribeResult: () => ({
          onNext() {
            throw new Error('the name of a host inside');
          },
        }),
      }),
    };
    const watch = await watches[how](order);
    const frame = await watch.next();
    expect(frame.errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
    expect(JSON.stringify(frame)).not.toContain('inside');
    await expect(watch.next()).rejects.toThrow('complete');
    await watch.close();
    await eventually(async () => expect(await metric('orderstream_subscribers')).toBe(0));
  });
});

test('subscribers share the execution of a frame also behind plugins', async () => {
  const id = await created();
  const sockets = await Promise.all(Array.from({ length: 3 }, () => watches.WebSocket(id)));
  const streams = await Promise.all(Array.from({ length: 3 }, () => watches.SSE(id)));
  const all = [...sockets, ...streams];
  for (const watch of all) await watch.next();
  const before = await metric('orderstream_frames_executed_total');
  const position = await itemAdded(id);
  const frames = await Promise.all(all.map(watch => watch.next()));
  expect(new Set(frames.map(frame => JSON.stringify(frame))).size).toBe(1);
  expect(frames[0]).toMatchObject({ extensions: { position } });
  expect((await metric('orderstream_frames_executed_total')) - before).toBe(1);
  await Promise.all(all.map(watch => watch.close()));
});

test.each(['SSE', 'WebSocket'] as const)(
  'a subscription over %s that a plugin wraps in an async generator ends when its client leaves',
  async how => {
    does = {
      onSubscribe: () => ({
        onSubscribeResult({ result, setResult }) {
          async function* wrapped(): AsyncGenerator<never> {
            for await (const frame of result as AsyncIterable<never>) yield frame;
          }
          setResult(wrapped());
        },
      }),
    };
    const watch = await watches[how](await created());
    await watch.next();
    await eventually(async () => expect(await metric('orderstream_subscribers')).toBe(1));
    await watch.close();
    await eventually(async () => expect(await metric('orderstream_subscribers')).toBe(0));
  },
);

test('a request that a plugin reads itself is authenticated as any other', async () => {
  does = {
    onRequestParse: ({ setRequestParser }) =>
      setRequestParser(async request => (await request.json()) as GraphQLParams),
  };
  const { data } = await post(app.url, OrdersDocument, {}, { token: shop.staff });
  expect(data).toMatchObject({ orders: { edges: expect.any(Array) as unknown } });
  const stranger = await post(app.url, OrdersDocument, {}, {});
  expect(stranger.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});
