import type { Answer } from '../operation-session.ts';
import { codedError } from './coded-error.ts';
import { type Operation, type Refused, refused, type Request as GraphQLRequest } from './execution.ts';
import { type Connection, createOutbox, later } from './network.ts';
import type { Viewer } from './nodes.ts';
import type { ServerCore } from './server-core.ts';

const streamType = 'text/event-stream';
const resultType = 'application/graphql-response+json';

/** One HTTP request, read. */
interface Received {
  readonly request: GraphQLRequest;
  readonly headers: Headers;
  readonly signal: AbortSignal | null | undefined;
}

/** A `fetch` that answers every request itself, with JSON or with a stream of events. */
export function createFetch(core: ServerCore): typeof fetch {
  return async (input, init) => {
    const received = await read(input, init);
    const { signal, headers, request } = received;
    signal?.throwIfAborted();
    if (core.network.isOffline) throw new TypeError('Failed to fetch');
    const authorization = headers.get('authorization');
    const viewer = core.tokens.viewer(authorization);
    const takesStream = headers.get('accept')?.includes(streamType) ?? false;
    // Without a token each field fails for itself; with one that is not valid, the whole request.
    const operation =
      authorization === null || viewer
        ? core.receive(request, viewer, takesStream ? 'stream' : 'http')
        : refused([codedError('UNAUTHENTICATED', 'This needs a valid token.')]);
    return inFlight(core, signal, answered(core, operation, viewer, received));
  };
}

/** Makes the response now; a lost connection or the signal ends it later. */
function answered(
  core: ServerCore,
  operation: Operation | Refused,
  viewer: Viewer | undefined,
  { headers, signal }: Received,
): () => Response {
  const type = headers.get('accept')?.includes(resultType) ? resultType : 'application/json';
  if ('errors' in operation) {
    const { errors, status } = operation;
    return json({ errors: errors.map(error => error.toJSON()) }, status, type);
  }
  if (operation.kind === 'subscription') return () => stream(core, operation, viewer, signal);
  const answer = core.execute(operation, viewer, headers.get('orderstream-position'));
  return 'status' in answer
    ? json({ errors: answer.errors.map(error => error.toJSON()) }, answer.status, type)
    : json(answer, 200, type);
}

function json(answer: Answer | object, status: number, type: string): () => Response {
  const text = JSON.stringify(answer);
  return () => new Response(text, { status, headers: { 'content-type': `${type}; charset=utf-8` } });
}

/** Resolves with the response after the delay of the network, if the connection lives until then. */
function inFlight(
  core: ServerCore,
  signal: AbortSignal | null | undefined,
  respond: () => Response,
): Promise<Response> {
  const { network } = core;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const connection: Connection = {
      cut: () => end(() => reject(new TypeError('Failed to fetch'))),
      silence: () => end(() => undefined),
    };
    function end(act: () => void): void {
      if (isOver) return;
      isOver = true;
      network.connections.delete(connection);
      act();
    }
    network.connections.add(connection);
    signal?.addEventListener('abort', () => {
      end(() => undefined);
      // After silence, too: the client gives up.
      reject(signal.reason as Error);
    });
    later(network.delays.http, () => end(() => resolve(respond())));
  });
}

/** Interval between comment lines, as of a server: a client takes a stream without a byte for 4.5 s for lost. */
const heartbeatMs = 2_000;
const comment = ':\n\n';

/** A subscription over one response. */
function stream(
  core: ServerCore,
  operation: Operation,
  viewer: Viewer | undefined,
  signal: AbortSignal | null | undefined,
): Response {
  const { network } = core;
  const encoder = new TextEncoder();
  let leave: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const outbox = createOutbox();
      const write = (text: string) => {
        outbox.add(network.delays.socket, () => controller.enqueue(encoder.encode(text)));
      };
      let endSubscription: () => void = () => undefined;
      const heartbeats = setInterval(() => write(comment), heartbeatMs);
      const connection: Connection = {
        cut: () => end(() => controller.error(new TypeError('network error'))),
        silence: () => end(() => undefined),
        expire: () => end(() => controller.close()),
      };
      function end(act: () => void): void {
        if (!network.connections.delete(connection)) return;
        clearInterval(heartbeats);
        outbox.close();
        endSubscription();
        act();
      }
      leave = () => end(() => undefined);
      network.connections.add(connection);
      signal?.addEventListener('abort', () => {
        leave();
        controller.error(signal.reason);
      });
      write(comment);
      const opened = core.subscribe(operation, viewer, answer => write(event(answer)));
      if (typeof opened === 'function') {
        endSubscription = opened;
        return;
      }
      write(event(opened));
      write('event: complete\ndata:\n\n');
      outbox.add(network.delays.socket, () => end(() => controller.close()));
    },
    cancel: () => leave(),
  });
  return new Response(body, { headers: { 'content-type': `${streamType}; charset=utf-8` } });
}

function event(answer: Answer): string {
  const position = answer.errors ? undefined : answer.extensions?.['position'];
  const id = typeof position === 'string' ? `id: ${position}\n` : '';
  return `event: next\n${id}data: ${JSON.stringify(answer)}\n\n`;
}

async function read(input: RequestInfo | URL, init: RequestInit | undefined): Promise<Received> {
  const isRequest = typeof input === 'object' && 'headers' in input;
  const signal = init?.signal ?? (isRequest ? input.signal : undefined);
  const headers = new Headers(init?.headers ?? (isRequest ? input.headers : undefined));
  const method = init?.method ?? (isRequest ? input.method : 'GET');
  if (method === 'GET') {
    const { searchParams } = new URL(isRequest ? input.url : input);
    const fields = [...searchParams].map(([name, text]) => [
      name,
      name === 'variables' || name === 'extensions' ? (JSON.parse(text) as unknown) : text,
    ]);
    return { request: Object.fromEntries(fields) as GraphQLRequest, headers, signal };
  }
  const given = init?.body;
  const text =
    typeof given === 'string' ? given : await (isRequest ? input.clone() : new Response(given ?? null)).text();
  return { request: JSON.parse(text) as GraphQLRequest, headers, signal };
}
