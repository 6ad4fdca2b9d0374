import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient, CloseCode } from 'graphql-ws';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { formatPosition } from '../../../src/event-store/position.ts';
import { eventually } from '../../support/eventually.ts';
import { connectSocket, openSocket, type TestSocket } from '../../support/socket.ts';
import { stopwatch } from '../../support/standstill.ts';
import { customerToken, staffToken } from '../../support/tokens.ts';
import { next, openLater, position, Source, tick } from '../graphql/mini-schema.ts';
import { startMiniServer } from './mini-server.ts';

const customer = () => customerToken('cus_00000000-0000-4000-8000-000000000001');

describe('graphql-transport-ws', () => {
  test('queries, mutations and subscriptions are answered over one socket', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const socket = await connectSocket(url, await staffToken());
    const query = socket.subscribe('{ who }');
    expect(await query.next()).toEqual({ data: { who: 'anna' } });
    expect((await query.frame()).type).toBe('complete');
    const mutation = socket.subscribe('mutation { touch(what: "it") }');
    expect(await mutation.next()).toEqual({
      data: { touch: 'it' },
      extensions: { position: formatPosition(position(9)) },
    });
    const ticks = socket.subscribe('subscription { ticks }', {}, { after: formatPosition(position(4)) });
    source.give(tick(5, 'SNAPSHOT'));
    expect(await ticks.next()).toEqual({
      data: { ticks: 5 },
      extensions: { position: formatPosition(position(5)), kind: 'SNAPSHOT' },
    });
    expect(next.after).toEqual(position(4));
    ticks.complete();
    await eventually(() => expect(source.returned).toBe(1));
    await socket.close();
  });

  test('the stock client reconnects by itself when the server closes', async () => {
    const server = await startMiniServer();
    const source = (next.source = new Source());
    const token = await staffToken();
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${token}` },
      retryAttempts: 100,
      shouldRetry: () => true,
      retryWait: () => new Promise(resolve => setTimeout(resolve, 20)),
    });
    const closed = new Promise<{ code: number }>(resolve => client.on('closed', event => resolve(event as never)));
    const ticks: unknown[] = [];
    const unsubscribe = client.subscribe(
      { query: 'subscription { ticks }' },
      { next: ({ data }) => void ticks.push(data?.['ticks']), error: () => undefined, complete: () => undefined },
    );
    await eventually(() => expect(source.asked).toBe(1));
    source.give(tick(1));
    await eventually(() => expect(ticks).toEqual([1]));
    await server.close();
    expect((await closed).code).toBe(1012);
    expect(source.returned).toBe(1);

    const successor = (next.source = new Source());
    await startMiniServer({ port: Number(new URL(server.url).port) });
    await eventually(() => expect(successor.asked).toBe(1));
    successor.give(tick(2));
    await eventually(() => expect(ticks).toEqual([1, 2]));
    unsubscribe();
    await client.dispose();
  });

  test.each([
    ['no token', {}],
    ['a token that is not a string', { Authorization: 7 }],
    ['a forged token', { Authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.x' }],
    ['a token under another name', { token: 'x' }],
  ])('a socket with %s is closed with 4403 and gets no reason', async (_what, payload) => {
    const { url } = await startMiniServer();
    const socket = await openSocket(url);
    socket.send({ type: 'connection_init', payload });
    expect(await socket.closed).toEqual({ code: CloseCode.Forbidden, reason: 'Forbidden' });
  });

  test('in development the close frame says what is wrong with the token', async () => {
    const { url } = await startMiniServer({ production: false });
    const socket = await openSocket(url);
    socket.send({ type: 'connection_init', payload: { Authorization: await staffToken() } });
    const { code, reason } = await socket.closed;
    expect(code).toBe(CloseCode.Forbidden);
    expect(reason).toMatch(/^This needs a valid token: `Bearer ` is missing/);
  });

  test('nothing is executed before authentication', async () => {
    const { url } = await startMiniServer();
    const socket = await openSocket(url);
    socket.subscribe('{ who }');
    expect((await socket.closed).code).toBe(CloseCode.Unauthorized);
  });

  test('a client that does not authenticate within 3 s is closed', async () => {
    const { url } = await startMiniServer();
    const socket = await openSocket(url);
    const passed = stopwatch();
    expect((await socket.closed).code).toBe(CloseCode.ConnectionInitialisationTimeout);
    expect(passed()).toBeLessThan(4_000);
  });

  test('the socket closes with 4403 when its token expires', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const socket = await connectSocket(url, await staffToken());
    socket.subscribe('subscription { ticks }');
    await eventually(() => expect(source.asked).toBe(1));
    vi.advanceTimersByTime(3_606_000); // an hour, and the tolerance for clock skew
    expect(await socket.closed).toEqual({ code: CloseCode.Forbidden, reason: 'Forbidden' });
    await eventually(() => expect(source.returned).toBe(1));
  });

  test('a token that is valid for years does not close its socket at once', async () => {
    const { url } = await startMiniServer();
    const socket = await connectSocket(url, await staffToken({ expires: '10 years' }));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await socket.subscribe('{ who }').next()).toEqual({ data: { who: 'anna' } });
    await socket.close();
  });

  test('rules are checked when subscribing', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const socket = await connectSocket(url, await customer());
    const answer = await socket.subscribe('subscription { staffTicks }').next();
    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(source.asked).toBe(0);
    await socket.close();
  });

  test('errors are masked and coded as over HTTP', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const socket = await connectSocket(url, await staffToken());
    const failed = await socket.subscribe('{ fails }').next();
    expect(failed.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL', id: expect.any(String) });

    const refused = async (query: string, variables = {}, extensions?: object) => {
      const { type, payload } = await socket.subscribe(query, variables, extensions).frame();
      const errors = type === 'error' ? payload : (payload as { errors: unknown }).errors;
      const [error] = errors as { message: string; extensions: Record<string, unknown> }[];
      expect(Object.keys(error!.extensions)).not.toContain('http');
      expect(error!.message).not.toContain('Did you mean');
      return error!.extensions['code'];
    };
    expect(await refused('{ who')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await refused('{ whos }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await refused('query ($n: Int) { given(number: $n) }', { n: 'one' })).toBe('BAD_USER_INPUT');
    expect(await refused('query A { who } query B { who }')).toBe('BAD_USER_INPUT');
    expect(await refused(`{ ${'who '.repeat(2_000)} }`)).toBe('LIMIT_EXCEEDED');
    expect(await refused('subscription { ticks }', {}, { after: 'now' })).toBe('BAD_USER_INPUT');
    expect(await refused('subscription { ticks(missing: true) }')).toBe('NOT_FOUND');

    const ticks = socket.subscribe('subscription { ticks }');
    source.give(tick(13));
    expect((await ticks.next()).errors?.[0]?.extensions.code).toBe('INTERNAL');
    source.give(new Error('password=hunter2'));
    const last = await ticks.next();
    expect(JSON.stringify(last)).not.toContain('hunter2');
    expect((await ticks.frame()).type).toBe('complete');
    await socket.close();
  });

  test('a client that leaves ends its sources, also the waiting ones', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const socket = await connectSocket(url, await staffToken());
    socket.subscribe('subscription { ticks }');
    await eventually(() => expect(source.asked).toBe(1));
    socket.ws.terminate();
    await eventually(() => expect(source.returned).toBe(1));
  });

  test('a client that unsubscribes or leaves while its source is being opened leaves nothing open', async () => {
    const { url } = await startMiniServer();
    const socket = await connectSocket(url, await staffToken());
    for (const leave of [(ticks: { complete(): void }) => ticks.complete(), () => socket.ws.terminate()]) {
      const source = (next.source = new Source());
      const { requested, open } = openLater();
      const ticks = socket.subscribe('subscription { ticks }');
      await requested;
      leave(ticks);
      await new Promise(resolve => setTimeout(resolve, 50));
      open();
      await eventually(() => expect(source.returned).toBe(1));
    }
  });

  test('an id that is used again while its source is being opened leaves nothing open after the socket', async () => {
    const { url } = await startMiniServer();
    const socket = await connectSocket(url, await staffToken());
    const source = (next.source = new Source());
    const { open } = openLater();
    for (let again = 0; again < 3; again++) {
      if (again > 0) socket.send({ id: 'same', type: 'complete' });
      socket.send({ id: 'same', type: 'subscribe', payload: { query: 'subscription { ticks }' } });
    }
    await new Promise(resolve => setTimeout(resolve, 50));
    open();
    await eventually(() => expect(source.asked).toBeGreaterThan(1));
    const { asked } = source;
    socket.ws.terminate();
    await eventually(() => expect(source.returned).toBeGreaterThanOrEqual(asked));
  });

  test('a client that does not read delays its own source only', async () => {
    const { url } = await startMiniServer();
    const slow = (next.source = new Source());
    const socket = await connectSocket(url, await staffToken());
    const filler = 'x'.repeat(50_000);
    // Its frames are large, so that the buffers in between are soon full.
    socket.subscribe(`subscription { ${filler}: ticks }`);
    await eventually(() => expect(slow.asked).toBe(1));
    socket.ws.pause();
    slow.give(...Array.from({ length: 5_000 }, (_, index) => tick(index + 100)));
    await eventually(async () => {
      const before = slow.asked;
      await new Promise(resolve => setTimeout(resolve, 200));
      expect(slow.asked).toBe(before);
    });
    expect(slow.asked).toBeLessThan(2_000);

    const quick = (next.source = new Source());
    const other = await connectSocket(url, await staffToken());
    const ticks = other.subscribe('subscription { ticks }');
    quick.give(tick(1));
    expect((await ticks.next()).data).toEqual({ ticks: 1 });
    await other.close();
    socket.ws.terminate();
  });

  test('a client that does not answer a ping is closed, one that answers is not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { url } = await startMiniServer();
    const socket = await connectSocket(url, await staffToken());
    const pinged = new Promise(resolve => socket.ws.once('ping', resolve));
    const silent = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { autoPong: false });
    await new Promise(resolve => silent.once('open', resolve));
    const gone = new Promise(resolve => silent.once('close', resolve));
    silent.send(
      JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${await staffToken()}` } }),
    );
    await new Promise(resolve => silent.once('message', resolve));

    vi.advanceTimersByTime(12_000);
    await pinged;
    expect(await socket.subscribe('{ who }').next()).toEqual({ data: { who: 'anna' } }); // its pong has arrived before
    vi.advanceTimersByTime(12_000);
    expect(await gone).toBe(1006);
    expect(await socket.subscribe('{ who }').next()).toEqual({ data: { who: 'anna' } });
    await socket.close();
  });

  test('a message that violates the protocol closes the socket; one that is too long closes it with 1009', async () => {
    const { url } = await startMiniServer();
    const confused = await connectSocket(url, await staffToken());
    confused.send('hello');
    expect((await confused.closed).code).toBe(CloseCode.BadRequest);
    const wordy = await connectSocket(url, await staffToken());
    wordy.subscribe(`{ who } # ${'x'.repeat(70_000)}`);
    expect((await wordy.closed).code).toBe(1009);
  });
});

describe('the limit of what one caller may have open', () => {
  test('is 100 operations per socket: one more is rejected with the limit, and the others continue', async () => {
    const { url } = await startMiniServer();
    const source = (next.source = new Source());
    const socket = await connectSocket(url, await staffToken());
    const open = Array.from({ length: 100 }, () => socket.subscribe('subscription { ticks }'));
    const { type, payload } = await socket.subscribe('{ who }').frame();
    expect({ type, payload }).toMatchObject({
      type: 'error',
      payload: [{ message: expect.stringContaining('100'), extensions: { code: 'LIMIT_EXCEEDED', limit: 100 } }],
    });
    open[0]!.complete();
    await eventually(() => expect(source.returned).toBe(1));
    expect(await socket.subscribe('{ who }').next()).toEqual({ data: { who: 'anna' } });
    await socket.close();
  });

  test('is 1,000 sockets: one more is closed with 1013 and the reason; other callers may connect, and so may this one when a socket has closed', async () => {
    const { url } = await startMiniServer();
    const token = await staffToken();
    const sockets: TestSocket[] = [];
    while (sockets.length < 1_000) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connectSocket(url, token)))));
    }
    const refused = await openSocket(url);
    refused.send({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });
    expect(await refused.closed).toEqual({
      code: 1013,
      reason: 'LIMIT_EXCEEDED: a caller has at most 1000 sockets open',
    });
    await (await connectSocket(url, await customer())).close();
    await sockets.pop()!.close();
    await eventually(async () => (await connectSocket(url, token)).close());
    for (const socket of sockets) socket.ws.terminate();
    await Promise.all(sockets.map(socket => socket.closed));
  });
});

describe('a server that closes', () => {
  test('closes its sockets with 1012, one after the other, and serves those that are still open', async () => {
    const server = await startMiniServer();
    const token = await staffToken();
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connectSocket(server.url, token)));
    const began = performance.now();
    const left: number[] = [];
    const codes = sockets.map(async socket => {
      const { code } = await socket.closed;
      left.push(performance.now() - began);
      return code;
    });
    const closed = server.close();
    await eventually(() => expect(left.length).toBeGreaterThan(0));
    const waiting = sockets.find(({ ws }) => ws.readyState === ws.OPEN)!;
    await expect(connectSocket(server.url, token)).rejects.toThrow();
    const answer = waiting.subscribe('{ who }').next();
    await Promise.race([expect(answer).resolves.toEqual({ data: { who: 'anna' } }), waiting.closed]);
    await answer.catch(() => undefined);
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1012]));
    await closed;
    // 200 of them take a second; however slow the machine, no half of them was closed at once.
    expect(left.at(-1)! - left[0]!).toBeGreaterThan(800);
    const together = left.map(at => left.filter(other => other >= at && other < at + 50).length);
    expect(Math.max(...together)).toBeLessThan(100);
  });
});

describe('the upgrade', () => {
  const attempt = (url: string, path = '/graphql', headers = {}, protocol = 'graphql-transport-ws') =>
    new Promise<number | string>(resolve => {
      const ws = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocol, { headers });
      ws.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
      });
      ws.on('open', () => {
        resolve('open');
        ws.terminate();
      });
      ws.on('error', error => resolve(error.message));
    });

  test('is for listed origins, and for clients that are not browsers', async () => {
    const { url } = await startMiniServer({ corsOrigins: ['https://shop.example'] });
    expect(await attempt(url)).toBe('open');
    expect(await attempt(url, '/graphql', { origin: 'https://shop.example' })).toBe('open');
    for (const origin of [
      'https://evil.example',
      'https://shop.example.evil',
      'https://evilshop.example',
      'null',
      'http://localhost:3000',
    ]) {
      expect(await attempt(url, '/graphql', { origin })).toBe(403);
    }
  });

  test('is at /graphql only', async () => {
    const { url } = await startMiniServer();
    for (const path of ['/', '/graphql/', '//graphql', '/%67raphql', '/graphql2'])
      expect(await attempt(url, path)).toBe(404);
    expect(await attempt(url, '/graphql?x=1')).toBe('open');
  });

  test('that is rejected is closed, even if its client does not close: the server can still end', async () => {
    const server = await startMiniServer();
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.write('GET /nope HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    await server.close();
  });

  test('is for graphql-transport-ws only', async () => {
    const { url } = await startMiniServer();
    expect(await attempt(url, '/graphql', {}, 'graphql-ws')).toBe('Server sent no subprotocol');
  });
});
