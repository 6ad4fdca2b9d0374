import { WebSocket } from 'ws';
import type { ScriptedServer } from '../../src/client/testing/index.ts';
import { eventually } from './eventually.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a viewer sends to a server. */
export interface Sent {
  readonly query: string;
  readonly variables?: Json | undefined;
  readonly extensions?: Json | undefined;
}

/** A server as a front end sees it: the real one or the scripted one. */
export interface Side {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: typeof globalThis.WebSocket;
  /** @param subject a customer, a staff member, or `nobody`: then the token is not valid */
  token(subject: string): Promise<string>;
}

export function scriptedSide(server: ScriptedServer): Side {
  return { ...server, token: async subject => (subject === 'nobody' ? 'a.b.c' : server.token(subject)) };
}

export function realSide(url: string, token: Side['token']): Side {
  return { url: `${url}/graphql`, fetch, WebSocket: WebSocket as never, token };
}

/** The status and the body of an answer over HTTP. @param subject undefined: without a token */
export async function answerOf(side: Side, sent: Sent, subject: string | undefined): Promise<Json> {
  const headers = {
    accept: 'application/graphql-response+json',
    'content-type': 'application/json',
    ...(subject !== undefined && { authorization: `Bearer ${await side.token(subject)}` }),
  };
  const response = await side.fetch(side.url, { method: 'POST', headers, body: JSON.stringify(sent) });
  return { status: response.status, ...((await response.json()) as Json) };
}

/** A socket that keeps all its messages. */
export interface Line {
  readonly messages: Json[];
  send(message: object): void;
  close(): void;
}

/** @param subject undefined: without a token */
export async function openLine(side: Side, subject: string | undefined): Promise<Line> {
  const token = subject === undefined ? undefined : await side.token(subject);
  const socket = new side.WebSocket(side.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  const messages: Json[] = [];
  socket.onmessage = ({ data }) => messages.push(JSON.parse(data as string) as Json);
  socket.onclose = ({ code }) => messages.push({ type: 'closed', code });
  await new Promise<void>((resolve, reject) => {
    socket.onerror = reject;
    socket.onopen = () => resolve();
  });
  const send = (message: object) => socket.send(JSON.stringify(message));
  send({ type: 'connection_init', payload: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
  // An operation before the acknowledgement would close the socket.
  await eventually(() => {
    if (messages.length === 0) throw new Error('no acknowledgement');
  });
  return { messages, send, close: () => socket.close() };
}

const idPattern = '[a-z]{3}_[0-9a-f-]{36}';
const positionPattern = '[0-9a-f]{13}-[0-9a-f]{12}';

/**
 * Makes the answers of two servers comparable: ids, positions and cursors are replaced by their places among all of
 * their server. Times, numbers of orders, and messages of errors outside result unions are left out.
 */
export function comparable(answers: unknown): unknown {
  const text = JSON.stringify(answers);
  const ids = [...new Set(text.match(new RegExp(idPattern, 'g')))];
  const positions = [...new Set(text.match(new RegExp(positionPattern, 'g')))].sort();

  function named(value: string): string {
    if (new RegExp(`^${idPattern}$`).test(value)) return `${value.slice(0, 3)} ${ids.indexOf(value)}`;
    if (new RegExp(`^${positionPattern}$`).test(value)) return `position ${positions.indexOf(value)}`;
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'time';
    return /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(value) ? 'number' : value;
  }
  function replaced(name: string, value: unknown): unknown {
    if (['correlationId', 'locations', 'cost'].includes(name)) return undefined;
    if (name === 'extensions' && Object.keys(value as Json).length === 0) return undefined;
    if (typeof value === 'string') return /cursor$/i.test(name) ? cursorParts(value).map(named) : named(value);
    const isErrors = Array.isArray(value) && (name === 'errors' || name === 'payload');
    return isErrors ? value.map(error => ({ ...(error as Json), message: '…' })) : value;
  }
  return JSON.parse(text, replaced);
}

function cursorParts(cursor: string): string[] {
  const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as readonly unknown[];
  return parts.map(String);
}
