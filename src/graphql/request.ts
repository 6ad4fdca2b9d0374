import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { parsePosition, type Position } from '../event-store/position.ts';
import { badInput, limitExceeded } from './coded-error.ts';

/** Bytes beyond it, and ms, for which what still comes is thrown away: a client that is cut off early reads no answer. */
const longestOverhang = 16_000_000;
const longestDiscard = 5_000;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The operation that a request asks for. POST takes JSON only: browsers send nothing else without asking first. */
export async function readRequest(request: IncomingMessage, longestBody: number): Promise<GraphQLParams> {
  if (request.method === 'GET') return paramsOfQuery(new URL(request.url ?? '', 'http://localhost').searchParams);
  if (mediaType(request) !== 'application/json' || (request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw withStatus(415, badInput('Send `Content-Type: application/json`, not encoded.'));
  }
  return parsedJson(await readBody(request, longestBody), 'The body') as GraphQLParams;
}

/** @throws BAD_USER_INPUT where it is given and is no position */
export function givenPosition(value: unknown, name: string): Position | undefined {
  if (value === undefined || value === null) return undefined;
  const position = typeof value === 'string' ? parsePosition(value) : undefined;
  if (position === undefined) throw badInput(`${name} has to be a position that an answer gave.`);
  return position;
}

function mediaType(request: IncomingMessage): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

function paramsOfQuery(query: URLSearchParams): GraphQLParams {
  const given = [...query].filter(([, text]) => text !== '');
  const json = new Set(['variables', 'extensions']);
  return Object.fromEntries(given.map(([name, text]) => [name, json.has(name) ? parsedJson(text, name) : text]));
}

function parsedJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw withStatus(400, badInput(`${what} is not JSON.`));
  }
}

/** Counted as it comes: what a client says of the length, or does not say, is worth nothing. */
async function readBody(request: IncomingMessage, longestBody: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  let impatience: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longestBody) {
        chunks.push(chunk);
        return;
      }
      impatience ??= setTimeout(() => request.destroy(), longestDiscard);
      if (length > longestBody + longestOverhang) request.destroy();
      reject(withStatus(413, limitExceeded(`A body has at most ${longestBody} bytes.`, longestBody, { name: 'body' })));
    });
    request.on('end', resolve);
    request.on('close', () => {
      clearTimeout(impatience);
      // Every request closes, and an error that nobody sees costs its stack: 4 % of a busy server's time.
      if (!request.readableEnded) reject(badInput('The request ended early.'));
    });
  });
  try {
    return utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  } catch {
    throw withStatus(400, badInput('The body is not UTF-8.'));
  }
}

function withStatus(status: number, error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status } } });
}
