import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { checkJsonText } from '../limits/json-limits.ts';

/**
 * A client whose connection is closed early cannot read the response. So the rest of a body that is too large is
 * received and discarded, up to this many more bytes and this many milliseconds.
 */
const maxDiscardedBytes = 16_000_000;
const maxDiscardMs = 5_000;
/**
 * Chunks that a body may arrive in. Each is one event: a megabyte sent byte by byte would block the event loop for
 * seconds.
 */
const maxChunks = 20_000;
const nothing = Buffer.alloc(0);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the request to its document, variables and extensions. A POST must be JSON: browsers send other types to
 * another origin without a preflight request.
 * @param maxBodyBytes limit for the body
 * @throws BAD_USER_INPUT if the request is malformed, LIMIT_EXCEEDED if the body is too large
 */
export async function readRequest(request: IncomingMessage, maxBodyBytes: number): Promise<GraphQLParams> {
  if (request.method === 'GET') return paramsOfQuery(new URL(request.url ?? '', 'http://localhost').searchParams);
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = request.headers;
  if (!isJson(type)) throw withStatus(415, badInput('Send `Content-Type: application/json`, in UTF-8.'));
  if (encoding.toLowerCase() !== 'identity') throw withStatus(415, badInput('Send the body without Content-Encoding.'));
  return parsedJson(await readBody(request, maxBodyBytes), 'The body') as GraphQLParams;
}

function isJson(type: string | undefined): boolean {
  if (type === 'application/json') return true;
  const [name, ...parameters] = (type ?? '').toLowerCase().split(';');
  // The body is decoded as UTF-8: text in another charset would be stored as different text.
  const charset = parameters.find(parameter => parameter.trim().startsWith('charset='));
  return name?.trim() === 'application/json' && /^ *charset="?utf-?8"? *$/.test(charset ?? 'charset=utf-8');
}

function paramsOfQuery(query: URLSearchParams): GraphQLParams {
  const entries = [...query].filter(([, text]) => text !== '');
  const json = new Set(['variables', 'extensions']);
  return Object.fromEntries(entries.map(([name, text]) => [name, json.has(name) ? parsedJson(text, name) : text]));
}

function parsedJson(text: string, what: string): unknown {
  checkJsonText(text);
  try {
    return JSON.parse(text);
  } catch {
    throw withStatus(400, badInput(`${what} is not JSON.`));
  }
}

/** Bytes are counted as they arrive. Content-Length only says when the body may be complete: it can be wrong. */
async function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<string> {
  const contentLength = Number(request.headers['content-length']);
  const body = await new Promise<Buffer>((resolve, reject) => {
    let body: Buffer = nothing;
    let length = 0;
    let chunks = 0;
    let timer: NodeJS.Timeout | undefined;
    const complete = (): void => resolve(body.subarray(0, length));
    request.on('data', (chunk: Buffer) => {
      const before = length;
      length += chunk.length;
      chunks++;
      if (length <= maxBodyBytes && chunks <= maxChunks) {
        // Not kept as a list of chunks: a chunk of one byte takes 200 bytes of memory, and any client can send such a
        // body.
        body = before === 0 ? chunk : append(body, before, chunk, maxBodyBytes);
        if (length === contentLength) complete();
        return;
      }
      body = nothing;
      if (!timer) {
        timer = setTimeout(() => request.destroy(), maxDiscardMs);
        request.on('close', () => clearTimeout(timer));
      }
      if (length > maxBodyBytes + maxDiscardedBytes) request.destroy();
      reject(withStatus(413, tooLarge(maxBodyBytes, chunks)));
    });
    // Node emits no `end` for a body that was cut off: its client is gone, so nothing is answered.
    request.on('end', complete);
  });
  try {
    return utf8.decode(body);
  } catch {
    throw withStatus(400, badInput('The body is not UTF-8.'));
  }
}

/** @returns the buffer, or a larger copy of it, with the chunk after its first `length` bytes */
function append(buffer: Buffer, length: number, chunk: Buffer, maxBytes: number): Buffer {
  const needed = length + chunk.length;
  const target = needed <= buffer.length ? buffer : Buffer.allocUnsafe(Math.min(maxBytes, 2 * needed));
  if (target !== buffer) buffer.copy(target, 0, 0, length);
  chunk.copy(target, length);
  return target;
}

function tooLarge(maxBodyBytes: number, chunks: number): GraphQLError {
  if (chunks > maxChunks)
    return limitExceeded(`A body arrives in at most ${maxChunks} chunks.`, maxChunks, { name: 'chunks' });
  return limitExceeded(`A body has at most ${maxBodyBytes} bytes.`, maxBodyBytes, { name: 'body' });
}

function withStatus(status: number, error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status } } });
}
