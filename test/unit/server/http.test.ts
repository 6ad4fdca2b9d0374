import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { auditServer } from 'graphql-http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { formatPosition } from '../../../src/event-store/position.ts';
import { StartError } from '../../../src/start-error.ts';
import { eventually } from '../../support/eventually.ts';
import { post } from '../../support/post.ts';
import { openEventStream } from '../../support/event-stream.ts';
import { customerToken, staffToken } from '../../support/tokens.ts';
import { later, next, openLater, position, Source, tick, touches } from '../graphql/mini-schema.ts';
import { logged, startMiniServer } from './mini-server.ts';

const json = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const token = await staffToken();
const bearer = { authorization: `Bearer ${token}` };

interface Body {
  data?: unknown;
  errors: { message: string; path?: unknown; extensions: Record<string, unknown> }[];
}
const bodyOf = async (answer: Response) => (await answer.json()) as Body;

describe('GraphQL over HTTP', () => {
  test("graphql-http's audits find no error and no warning", async () => {
    const { url } = await startMiniServer();
    const results = await auditServer({ url: `${url}/graphql` });
    const notOk = results.filter(({ status }) => status === 'error' || status === 'warn');
    expect(notOk.map(({ name, ...rest }) => [name, (rest as { reason?: string }).reason])).toEqual([]);
    expect(results.length).toBeGreaterThan(55);
  });

  test('a query and a mutation are answered with the position that they reflect', async () => {
    const { url } = await startMiniServer();
    const page = await post(url, '{ pebbles(first: 1) { nodes { weight } } }', {}, { token });
    expect(page).toMatchObject({
      status: 200,
      data: { pebbles: { nodes: [{ weight: 10 }] } },
      extensions: { position: formatPosition(position(7)) },
    });
    const mutation = await post(url, 'mutation { touch(what: "it") }', {}, { token });
    expect(mutation.extensions).toEqual({ position: formatPosition(position(9)) });
    expect((await post(url, '{ who }', {}, { token })).extensions).toBeUndefined();
  });

  test('the header Orderstream-Position reaches the reads; an invalid one is rejected', async () => {
    const { url } = await startMiniServer();
    const headers = { 'orderstream-position': formatPosition(position(5)) };
    expect((await post(url, '{ atLeast }', {}, { token, headers })).data).toEqual({ atLeast: 5 });
    const refused = await post(url, '{ atLeast }', {}, { token, headers: { 'orderstream-position': 'five' } });
    expect(refused).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test('an unauthenticated caller gets no data; a bad token gets 401 with the same message, whatever is wrong with it', async () => {
    const { url } = await startMiniServer();
    const anonymous = await post(url, '{ forStaff fails }');
    expect(anonymous.data).toEqual({ forStaff: null, fails: null });
    expect(anonymous.errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);

    const bad = [
      await post(url, '{ who }', {}, { token: 'not.a.token' }),
      await post(url, '{ who }', {}, { token: await staffToken({ expires: '-1m' }) }),
      await post(url, '{ who }', {}, { headers: { authorization: 'Basic YWxhZGRpbg==' } }),
    ];
    for (const answer of bad) expect(answer.status).toBe(401);
    expect(new Set(bad.map(({ errors }) => JSON.stringify(errors))).size).toBe(1);
  });

  test('a rule rejects the wrong role, field by field', async () => {
    const { url } = await startMiniServer();
    const customer = await customerToken('cus_00000000-0000-4000-8000-000000000001');
    const answer = await post(
      url,
      '{ who forStaff pebbles(first: 1) { nodes { weight provenance } } }',
      {},
      { token: customer },
    );
    expect(answer.data).toMatchObject({ forStaff: null, pebbles: { nodes: [{ weight: 10, provenance: null }] } });
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['forStaff'], 'FORBIDDEN'],
      [['pebbles', 'nodes', 0, 'provenance'], 'FORBIDDEN'],
    ]);
  });

  test('an unexpected error is answered with the id of its log line, and nothing else', async () => {
    const { url } = await startMiniServer();
    const answer = await post(url, '{ fails }', {}, { token, headers: { 'x-request-id': 'trace-1' } });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|10\.0\.0\.7|at .*\.ts/);
    const { code, id } = answer.errors![0]!.extensions;
    expect(code).toBe('INTERNAL');
    expect(answer.headers.get('x-request-id')).toBe('trace-1');
    const line = logged.find(entry => entry['id'] === id);
    expect(line).toMatchObject({ correlationId: 'trace-1', err: { message: expect.stringContaining('hunter2') } });
  });

  test('every error has a code of the catalogue, whatever its source', async () => {
    const { url } = await startMiniServer();
    const codeOf = async (query: string, variables = {}) =>
      (await post(url, query, variables, { token })).errors?.[0]?.extensions.code;
    expect(await codeOf('{ who')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await codeOf('{ whom }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf('query ($n: Int) { given(number: $n) }', { n: 'one' })).toBe('BAD_USER_INPUT');
    expect(await codeOf('query ($n: Int = 1) { given(required: $n) }', { n: null })).toBe('BAD_USER_INPUT');
    expect(await codeOf('query A { who } query B { who }')).toBe('BAD_USER_INPUT');
    expect(await codeOf('{ refuses }')).toBe('VIEW_LAGGING');
    expect(await codeOf('{ tooGreat }')).toBe('INTERNAL');
    expect(await codeOf('{ strange { id } }')).toBe('INTERNAL');
    expect(await codeOf('{ node(id: "ord-1") { id } }')).toBe('BAD_USER_INPUT');
    expect(await codeOf(`{ nodes(ids: [${'"x",'.repeat(101)}]) { id } }`)).toBe('LIMIT_EXCEEDED');
  });

  test('a request that fails after its client has left is not kept in memory', async () => {
    const { url } = await startMiniServer();
    const { hostname, port } = new URL(url);
    const responses: WeakRef<ServerResponse>[] = [];
    const seen = (message: unknown): void => {
      responses.push(new WeakRef((message as { readonly response: ServerResponse }).response));
    };
    subscribe('http.server.request.start', seen);
    onTestFinished(() => void unsubscribe('http.server.request.start', seen));
    const body = '{"query":"{ failsLater }"}';
    const head = `Host: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}`;
    const began = later.fail;
    const client = connect(Number(port), hostname);
    client.write(`POST /graphql HTTP/1.1\r\n${head}\r\n\r\n${body}`);
    await eventually(() => expect(later.fail).not.toBe(began));
    client.destroy();
    await eventually(() => expect(responses[0]!.deref()!.closed).toBe(true));
    later.fail();

    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await eventually(async () => {
      await new Promise(setImmediate);
      collect();
      expect(responses.map(one => one.deref())).toEqual([undefined]);
    });
  });

  test('error messages do not suggest names of the schema', async () => {
    const { url } = await startMiniServer();
    const { errors } = await post(url, '{ whos }', {}, { token });
    expect(errors?.[0]?.message).toBe('Cannot query field "whos" on type "Query".');
  });

  test('a document of more than 2,000 tokens is not parsed to its end', async () => {
    const { url } = await startMiniServer();
    const { errors } = await post(url, `{ ${'who '.repeat(2_000)} }`, {}, { token });
    expect(errors?.[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED', name: 'tokens', limit: 2_000 });
  });

  test.each([
    ['no JSON', '{"query": ', 400],
    ['null', 'null', 400],
    ['a number', '7', 400],
    ['a batch', '[{"query": "{ who }"}]', 400],
    ['no query', '{}', 400],
    ['an unknown parameter', '{"query": "{ who }", "id": 1}', 400],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400],
  ])('a body that is %s is answered as GraphQL', async (_what, body, status) => {
    const { url } = await startMiniServer();
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(answer.status).toBe(status);
    expect((await bodyOf(answer)).errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  test('a body of 11 MB is rejected with its limit, however it is sent, and the server continues', async () => {
    const { url } = await startMiniServer();
    const body = JSON.stringify({ query: '{ who }', variables: { filler: 'x'.repeat(11_000_000) } });
    const announced = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(announced.status).toBe(413);
    expect((await bodyOf(announced)).errors[0]?.extensions).toEqual({
      code: 'LIMIT_EXCEEDED',
      name: 'body',
      limit: 1_000_000,
    });

    const chunked = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: json,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    expect((await post(url, '{ who }', {}, { token })).data).toEqual({ who: 'anna' });
  });

  test('a body without end is cut off', async () => {
    const { url } = await startMiniServer();
    const { hostname, port } = new URL(url);
    const sent = await new Promise<number>(resolve => {
      let bytes = 0;
      const endless = connect(Number(port), hostname);
      const chunk = Buffer.from(`40000\r\n${'x'.repeat(0x40000)}\r\n`);
      const write = (): void => {
        if (endless.destroyed) return;
        bytes += chunk.length;
        if (endless.write(chunk)) setImmediate(write);
        else endless.once('drain', write);
      };
      endless.on('error', () => undefined);
      endless.on('close', () => resolve(bytes));
      endless.write(
        'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      write();
    });
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(60_000_000);
  });

  test('a body that arrives byte by byte is joined, and rejected if it has too many chunks', async () => {
    const { url } = await startMiniServer();
    const { hostname, port } = new URL(url);
    const sent = async (body: string): Promise<string> => {
      const socket = connect(Number(port), hostname).setEncoding('utf8');
      const pieces = [...Buffer.from(body)].map(byte => `1\r\n${String.fromCharCode(byte)}\r\n`);
      socket.write(
        `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n`,
      );
      socket.write(Buffer.from(`${pieces.join('')}0\r\n\r\n`, 'latin1'));
      const [answer] = (await once(socket, 'data')) as [string];
      socket.destroy();
      return answer;
    };
    expect(await sent('{"query":"{ who }","extensions":{"é":"日本語"}}')).toContain('{"data":{"who":"anna"}}');
    const refused = await sent(JSON.stringify({ query: '{ who }', extensions: { filler: 'x'.repeat(20_000) } }));
    expect(refused).toMatch(/^HTTP\/1.1 413 /);
    expect(refused).toContain('"limit":20000');
  });

  test('a body of just under 1 MB is accepted', async () => {
    const { url } = await startMiniServer();
    const query = '{ who }';
    const filler = 'x'.repeat(1_000_000 - JSON.stringify({ query, extensions: { filler: '' } }).length);
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...json, ...bearer },
      body: JSON.stringify({ query, extensions: { filler } }),
    });
    expect(await answer.json()).toEqual({ data: { who: 'anna' } });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    '',
  ])('a simple request of a browser, which needs no preflight, executes nothing: POST of %j', async type => {
    const { url } = await startMiniServer();
    touches.length = 0;
    const bodies = [
      '{"query":"mutation { touch(what: \\"it\\") }"}',
      'query=mutation{touch(what:"it")}',
      'mutation { touch(what: "it") }',
    ];
    for (const body of bodies) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { ...bearer, ...(type !== '' && { 'content-type': type }) },
        body: new TextEncoder().encode(body),
      });
      expect(answer.status).toBe(415);
    }
    expect(touches).toEqual([]);
  });

  test('GET answers queries and executes no mutation', async () => {
    const { url } = await startMiniServer();
    touches.length = 0;
    const get = (query: string) =>
      fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers: { ...bearer, accept: json.accept } });
    expect(await (await get('{ who }')).json()).toEqual({ data: { who: 'anna' } });
    const refused = await get('mutation { touch(what: "it") }');
    expect(refused.status).toBe(405);
    expect((await bodyOf(refused)).errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(touches).toEqual([]);
    const malformed = await fetch(`${url}/graphql?query={who}&variables={`, { headers: { accept: json.accept } });
    expect(malformed.status).toBe(400);
    expect((await bodyOf(malformed)).errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  test.each(['//graphql', '/graphql/', '/%67raphql', '/x?y=/graphql', '/graphql/health', '/health', '/'])(
    '%s is not the endpoint',
    async path => {
      const { url } = await startMiniServer();
      const { hostname, port } = new URL(url);
      const status = await new Promise(resolve =>
        request({ hostname, port, path, method: 'POST', headers: json }, answer => {
          answer.resume();
          resolve(answer.statusCode);
        }).end('{"query":"{ __typename }"}'),
      );
      expect(status).toBe(404);
    },
  );

  test('no query string makes /graphql another endpoint', async () => {
    const { url } = await startMiniServer();
    expect((await fetch(`${url}/graphql?x=/health`)).status).toBe(400);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('only listed origins may read responses', async () => {
    const { url } = await startMiniServer({ corsOrigins: ['https://shop.example'] });
    const allowed = async (origin: string) => {
      const preflight = await fetch(`${url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });
      const answer = await fetch(`${url}/graphql?query={__typename}`, { headers: { origin } });
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
      return [preflight, answer].map(({ headers }) => headers.get('access-control-allow-origin'));
    };
    expect(await allowed('https://shop.example')).toEqual(['https://shop.example', 'https://shop.example']);
    for (const origin of ['https://shop.example.evil', 'http://shop.example', 'null', 'http://localhost:3000']) {
      expect(await allowed(origin)).toEqual([null, null]);
    }
  });

  test('in development pages of this machine may read responses', async () => {
    const { url } = await startMiniServer({ production: false });
    const allowed = async (origin: string) =>
      (await fetch(`${url}/graphql?query={__typename}`, { headers: { origin } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await allowed('http://localhost:5173')).toBe('http://localhost:5173');
    expect(await allowed('http://localhost.evil')).toBeNull();
  });

  test('no cache stores a response, and no browser guesses another type', async () => {
    const { url } = await startMiniServer();
    const { headers } = await fetch(`${url}/graphql?query={__typename}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a port that is in use is reported in one line', async () => {
    const { url } = await startMiniServer();
    const taken = startMiniServer({ port: Number(new URL(url).port) });
    await expect(taken).rejects.toThrow(StartError);
    await expect(taken).rejects.toThrow(/^PORT: \d+ is taken.*set another$/);
  });
});

describe('SSE', () => {
  const events = { accept: 'text/event-stream', 'content-type': 'application/json', ...bearer };

  async function* read(answer: Response) {
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined) yield JSON.parse(data) as Record<string, unknown>;
      }
    }
  }

  test('frames have position and kind, `extensions.after` reaches the source, and a client that leaves ends it', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const abort = new AbortController();
    const after = formatPosition(position(4));
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: events,
      body: JSON.stringify({ query: 'subscription { ticks }', extensions: { after } }),
      signal: abort.signal,
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(next.after).toEqual(position(4));
    source.give(tick(5, 'SNAPSHOT'));
    const frames = read(answer);
    expect((await frames.next()).value).toEqual({
      data: { ticks: 5 },
      extensions: { position: formatPosition(position(5)), kind: 'SNAPSHOT' },
    });
    abort.abort();
    await eventually(() => expect(source.returned).toBe(1));
  });

  test('each event’s id is its position, and `Last-Event-ID` resumes from there, with precedence over the operation', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const [first, later] = [formatPosition(position(4)), formatPosition(position(6))];
    const token = await staffToken();
    const stream = await openEventStream(url, 'subscription { ticks }', {}, { token, extensions: { after: first } });
    expect(next.after).toEqual(position(4));
    source.give(tick(6), tick(13));
    expect(await stream.event()).toMatchObject({ event: 'next', id: later });
    // A failed frame has no id, so the client resumes before it.
    expect(await stream.event()).toMatchObject({ event: 'next', id: undefined });
    stream.close();
    await stream.ended;

    next.source = new Source();
    const headers = { 'last-event-id': later };
    const again = await openEventStream(
      url,
      'subscription { ticks }',
      {},
      { token, headers, extensions: { after: first } },
    );
    expect(next.after).toEqual(position(6));
    again.close();
    await again.ended;
    const bad = await openEventStream(url, 'subscription { ticks }', {}, { token, headers: { 'last-event-id': '7' } });
    expect(await bad.next()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    bad.close();
    await bad.ended;
  });

  test('a comment line opens the stream, and keeps it open while nothing happens', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { url } = await startMiniServer();
    next.source = new Source();
    const stream = await openEventStream(url, 'subscription { ticks }', {}, { token: await staffToken() });
    await eventually(() => expect(stream.comments).toBe(1));
    for (const beats of [2, 3]) {
      vi.advanceTimersByTime(2_000);
      await eventually(() => expect(stream.comments).toBe(beats));
    }
    stream.close();
    await stream.ended;
  });

  test('a source that ends completes the stream', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const stream = await openEventStream(url, 'subscription { ticks }', {}, { token: await staffToken() });
    source.give(new Error('password=hunter2'));
    expect(await stream.next()).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect((await stream.event()).event).toBe('complete');
    expect(await stream.ended).toBe('complete');
  });

  test('a client that leaves while its source is being opened leaves nothing open', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const { open, requested } = openLater();
    const abort = new AbortController();
    const answer = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: events,
      body: JSON.stringify({ query: 'subscription { ticks }' }),
      signal: abort.signal,
    });
    await requested;
    abort.abort();
    await expect(answer).rejects.toThrow();
    await new Promise(resolve => setTimeout(resolve, 100));
    open();
    await eventually(() => expect(source.returned).toBe(1));
  });

  test('an unauthenticated caller opens no source', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...events, authorization: '' },
      body: JSON.stringify({ query: 'subscription { ticks }' }),
    });
    expect(await answer.text()).toContain('UNAUTHENTICATED');
    expect(source.asked).toBe(0);
  });

  test('nothing is delivered after the token has expired', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...events, authorization: `Bearer ${await staffToken()}` },
      body: JSON.stringify({ query: 'subscription { ticks }' }),
    });
    vi.advanceTimersByTime(3_606_000); // an hour, and the tolerance for clock skew
    source.give(tick(5));
    // The stream ends without `complete`, so the client reconnects, with another token.
    expect(await answer.text()).toBe(':\n\n');
    expect(source.returned).toBe(1);
  });
});

describe('closing', () => {
  test('requests in flight are answered, streams end without `complete`, and no new request is accepted', async () => {
    const server = await startMiniServer();
    const source = (next.source = new Source());
    const stream = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...bearer },
      body: JSON.stringify({ query: 'subscription { ticks }' }),
    });
    const { hostname, port } = new URL(server.url);
    const body = '{"query":"{ __typename }"}';
    const half = connect(Number(port), hostname);
    half.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    const answered = new Promise<string>(resolve => {
      let text = '';
      half.on('data', chunk => (text += chunk.toString()));
      half.on('close', () => resolve(text));
    });
    await once(half, 'data'); // the server said 100 Continue: the request is in flight

    const closed = server.close();
    expect(await stream.text()).toBe(':\n\n');
    half.write(body);
    expect(await answered).toContain('{"data":{"__typename":"Query"}}');
    await closed;
    await eventually(() => expect(source.returned).toBe(1));
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  test('plugins may send what they have left, before the close ends', async () => {
    let sent = false;
    const onDispose = async (): Promise<void> => {
      await new Promise(resolve => setTimeout(resolve, 50));
      sent = true;
    };
    await (await startMiniServer({}, undefined, undefined, [{ onDispose }])).close();
    expect(sent).toBe(true);
  });
});
