import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import type { GeneratedRequest } from './arbitrary.ts';

/** Sends a request, and resolves when the server has admitted or refused it. */
export type Send = (url: string, token: string, request: GeneratedRequest) => Promise<void>;

/** Found in every response of this server; the rest is not checked. */
const outcome = /"(?:data|errors)":|"code":|^:\n/;
const longestTarget = 15_000; // Node reads heads of 16 KB
const longestMessage = 65_536;

const hashed = (query: string): string =>
  `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${createHash('sha256').update(query).digest('hex')}"}}`;
const whole = ({ query, variables }: GeneratedRequest): string =>
  `{"query":${JSON.stringify(query)},"variables":${variables}}`;
const byHash = ({ query, variables }: GeneratedRequest): string => `{${hashed(query)},"variables":${variables}}`;

async function fetched(url: string, token: string, how: RequestInit & { readonly accept: string }): Promise<void> {
  const leave = new AbortController();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, accept: how.accept };
  const response = await fetch(url, { ...how, headers, signal: leave.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (how.accept === 'text/event-stream' && outcome.test(text)) break;
  }
  leave.abort();
  // A subscription by plain GET or POST is rejected by its media type alone.
  if (response.status !== 406 && !outcome.test(text))
    throw new Error(`no response of this server: ${response.status} ${text.slice(0, 200)}`);
}

const post = (body: string, accept: string) => ({ method: 'POST', body, accept });

function bySocket(bodyOf: (request: GeneratedRequest) => string): Send {
  return async (url, token, request) => {
    const payload = bodyOf(request);
    if (Buffer.byteLength(payload) > longestMessage - 100) return;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send(`{"type":"connection_init","payload":{"Authorization":"Bearer ${token}"}}`));
      socket.on('message', (data: Buffer) => {
        const { type, id } = JSON.parse(data.toString('utf8')) as { readonly type: string; readonly id?: string };
        if (type === 'connection_ack') {
          socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
          // An accepted subscription may send no frame, so a query follows it: its response shows that both were
          // processed.
          const next = request.kind === 'subscription' ? '{ __typename }' : undefined;
          if (next) socket.send(`{"id":"2","type":"subscribe","payload":{"query":"${next}"}}`);
        } else if (id === (request.kind === 'subscription' ? '2' : '1')) resolve();
      });
      socket.on('close', code => reject(new Error(`the socket was closed with ${code}`)));
      socket.on('error', reject);
    });
    socket.removeAllListeners('close').on('close', () => undefined);
    socket.terminate();
  };
}

/** Every way to send a document as text. */
export const withText: Readonly<Record<string, Send>> = {
  POST: (url, token, request) => fetched(`${url}/graphql`, token, post(whole(request), 'application/json')),
  SSE: (url, token, request) => fetched(`${url}/graphql`, token, post(whole(request), 'text/event-stream')),
  GET: async (url, token, { query, variables }) => {
    const target = `/graphql?${new URLSearchParams({ query, variables }).toString()}`;
    if (target.length > longestTarget) return;
    await fetched(`${url}${target}`, token, { accept: 'application/json' });
  },
  WebSocket: bySocket(whole),
};

/** Every way to send a document of a manifest, by its hash. */
export const withHash: Readonly<Record<string, Send>> = {
  POST: (url, token, request) => fetched(`${url}/graphql`, token, post(byHash(request), 'application/json')),
  SSE: (url, token, request) => fetched(`${url}/graphql`, token, post(byHash(request), 'text/event-stream')),
  GET: async (url, token, { query, variables }) => {
    const extensions = hashed(query).slice('"extensions":'.length);
    const target = `/graphql?${new URLSearchParams({ extensions, variables }).toString()}`;
    if (target.length > longestTarget) return;
    await fetched(`${url}${target}`, token, { accept: 'application/json' });
  },
  WebSocket: bySocket(request => `{"query":"",${byHash(request).slice(1)}`),
};
