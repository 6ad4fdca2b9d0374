import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createStreamClient } from '../../../src/client/sse.ts';
import { eventually } from '../../support/eventually.ts';

interface Asked {
  readonly token: string | undefined;
  readonly after: unknown;
}

/** A server that responds as each test prescribes. */
let server: Server;
let answer: (response: ServerResponse, time: number) => void;
let asked: Asked[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => void take(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { extensions } = JSON.parse(body) as { extensions: Record<string, unknown> };
  asked.push({ token: request.headers.authorization, after: extensions['after'] });
  answer(response, asked.length);
}

const at = (point: number) => `${`${point}`.padStart(13, '0')}-aaaaaaaaaaaa`;
const event = (point: number) =>
  `id: ${at(point)}\nevent: next\ndata: ${JSON.stringify({ data: { at: point }, extensions: { position: at(point), kind: 'UPDATE' } })}\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });

function taking(token = (refused: boolean) => (refused ? 'fresh' : 'first'), fetched = fetch) {
  const { port } = server.address() as AddressInfo;
  const client = createStreamClient({ url: `http://127.0.0.1:${port}/graphql`, token, fetch: fetched });
  const taken: unknown[] = [];
  const ends: unknown[] = [];
  const leave = client.subscribe(
    { query: 'subscription { live }' },
    {
      next: ({ data }) => taken.push(data?.['at']),
      error: error => ends.push(error),
      complete: () => ends.push('complete'),
    },
  );
  return { taken, ends, leave };
}

test('frames arrive complete in chunks of any size, comments are skipped, and `complete` ends the stream', async () => {
  answer = response => {
    const text = `: hello\n\n${event(1)}:\n\n${event(2).replaceAll('\n', '\r\n')}event: complete\ndata:\n\n`;
    stream(response);
    void (async () => {
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.from([byte]));
        if (byte % 8 === 0) await new Promise(resolve => setImmediate(resolve));
      }
      response.end();
    })();
  };
  const { taken, ends } = taking();
  await eventually(() => expect(ends).toEqual(['complete']));
  expect(taken).toEqual([1, 2]);
  expect(asked).toHaveLength(1);
});

test('a name with a Unicode line or paragraph separator arrives unchanged', async () => {
  const name = 'Ada\u2028of\u2029Lovelace';
  const payload = { data: { at: name }, extensions: { position: at(1), kind: 'UPDATE' } };
  answer = response => void stream(response).write(`event: next\ndata: ${JSON.stringify(payload)}\n\n`);
  const { taken, leave } = taking();
  await eventually(() => expect(taken).toEqual([name]));
  expect(asked).toHaveLength(1);
  leave();
});

test('a frame that is no JSON is reported, not requested again', async () => {
  answer = response => void stream(response).write(`${event(1)}event: next\ndata: {"data"\n\n`);
  const { taken, ends } = taking();
  await eventually(() => expect(ends).toEqual([expect.any(SyntaxError)]));
  expect(taken).toEqual([1]);
  expect(asked).toHaveLength(1);
});

test('a stream that is cut resumes after its last frame', async () => {
  answer = (response, time) => {
    stream(response).write(event(time));
    if (time < 3) setImmediate(() => response.destroy());
  };
  const { taken, ends, leave } = taking();
  await eventually(() => expect(taken).toEqual([1, 2, 3]));
  expect(asked.map(({ after }) => after)).toEqual([undefined, at(1), at(2)]);
  leave();
  expect(ends).toEqual(['complete']);
});

test('a stream without a byte for 4.5 s is opened again; a comment is enough to keep it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let open: ServerResponse | undefined;
  answer = (response, time) => {
    open = stream(response);
    open.write(event(time));
  };
  let chunks = 0;
  const { taken, leave } = taking(undefined, async (...request) => {
    const response = await fetch(...request);
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        chunks++;
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body!.pipeThrough(counting), response);
  });
  await eventually(() => expect(taken).toEqual([1]));
  vi.advanceTimersByTime(4_000);
  const before = chunks;
  open!.write(':\n\n');
  await eventually(() => expect(chunks).toBe(before + 1));
  vi.advanceTimersByTime(4_000);
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  await eventually(() => expect(taken).toEqual([1, 2]));
  leave();
});

test('401 requests fresh tokens, three times in a row, then reports the error', async () => {
  const errors = [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }];
  answer = response =>
    response.writeHead(401, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify({ errors }));
  const { taken, ends } = taking();
  await eventually(() => expect(ends).toEqual(['complete']));
  expect(taken).toEqual([undefined]);
  expect(asked.map(({ token }) => token)).toEqual(['Bearer first', ...Array.from({ length: 3 }, () => 'Bearer fresh')]);
});

test('a server that is down is retried, one that rejects is not', async () => {
  answer = (response, time) => {
    if (time < 4) response.writeHead(503, { 'content-type': 'text/plain' }).end('away');
    else stream(response).write(event(time));
  };
  const { taken, leave } = taking();
  await eventually(() => expect(taken).toEqual([4]));
  leave();
  answer = response => void response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
  const { ends } = taking();
  await eventually(() => expect(ends).toHaveLength(1));
  expect(asked).toHaveLength(5);
});
