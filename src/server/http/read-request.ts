import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { checkJsonText } from '../limits/json-limits.ts';

/**
 * A client whose connection is closed early cannot read the response. So the rest of a body that is too large is
 * received and discarded, up to this many more bytes and this many milliseconds.
 */
const longestOverhang = 16_000_000;
const longestDiscard = 5_000;
/**
 * Chunks that a body may arrive in. Each is one event: a megabyte sent byte by byte would block the event loop for
 * seconds.
 */
const mostPieces = 20_000;
const nothing = Buffer.alloc(0);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the request to its document, variables and extensions. A POST must be JSON: browsers send other types cross-
 * origin without a preflight request.
 * @param maxBodyBytes limit for the body
 * @throws BAD_USER_INPUT if the request is malformed, LIMIT_EXCEEDED if the body is too large
 */
export async function readRequest(request: IncomingMessage, longestBody: number): Promise<GraphQLParams> {
  if (request.method === 'GET') return paramsOfQuery(new URL(request.url ?? '', 'http://localhost').searchParams);
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = request.headers;
  if (!isJson(type)) throw withStatus(415, badInput('Send `Content-Type: application/json`, in UTF-8.'));
  if (encoding.toLowerCase() !== 'identity') throw withStatus(415, badInput('Send the body without Content-Encoding.'));
  return parsedJson(await readBody(request, longestBody), 'The body') as GraphQLParams;
}

function isJson(type: string | undefined): boolean {
  if (type === 'application/json') return true;
  const [name, ...parameters] = (type ?? '').toLowerCase().split(';');
  // The body is decoded as UTF-8: text in another charset would be stored as different text.
  const charset = parameters.find(parameter => parameter.trim().startsWith('charset='));
  return name?.trim() === 'application/json' && /^ *charset="?utf-?8"? *$/.test(charset ?? 'charset=utf-8');
}

function paramsOfQuery(query: URLSearchParams): GraphQLParams {
  const given = [...query].filter(([, text]) => text !== '');
  const json = new Set(['variables', 'extensions']);
  return Object.fromEntries(given.map(([name, text]) => [name, json.has(name) ? parsedJson(text, name) : text]));
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
async function readBody(request: IncomingMessage, longestBody: number): Promise<string> {
  const announced = Number(request.headers['content-length']);
  const body = await new Promise<Buffer>((resolve, reject) => {
    let body: Buffer = nothing;
    let length = 0;
    let pieces = 0;
    let impatience: NodeJS.Timeout | undefined;
    const whole = (): void => resolve(body.subarray(0, length));
    request.on('data', (piece: Buffer) => {
      const before = length;
      length += piece.length;
      pieces++;
      if (length <= longestBody && pieces <= mostPieces) {
        // Not kept as a list of chunks: a chunk of one byte takes 200 bytes of memory, and any client can send such a
        // body.
        body = before === 0 ? piece : joined(body, before, piece, longestBody);
        if (length === announced) whole();
        return;
      }
      body = nothing;
      if (!impatience) {
        impatience = setTimeout(() => request.destroy(), longestDiscard);
        request.on('close', () => clearTimeout(impatience));
      }
      if (length > longestBody + longestOverhang) request.destroy();
      reject(withStatus(413, tooLarge(longestBody, pieces)));
    });
    // Node emits no `end` for a body that was cut off: its client is gone, so nothing is answered.
    request.on('end', whole);
  });
  try {
    return utf8.decode(body);
  } catch {
    throw withStatus(400, badInput('The body is not UTF-8.'));
  }
}

/** @returns the buffer, or a larger copy of it, with the chunk after its first `length` bytes */
function joined(buffer: Buffer, length: number, piece: Buffer, longest: number): Buffer {
  const needed = length + piece.length;
  const enough = needed <= buffer.length ? buffer : Buffer.allocUnsafe(Math.min(longest, 2 * needed));
  if (enough !== buffer) buffer.copy(enough, 0, 0, length);
  piece.copy(enough, length);
  return enough;
}

function tooLarge(longestBody: number, pieces: number): GraphQLError {
  if (pieces > mostPieces) return limitExceeded(`A body comes in at most ${mostPieces} pieces.`, mostPieces);
  return limitExceeded(`A body has at most ${longestBody} bytes.`, longestBody, { name: 'body' });
}

function withStatus(status: number, error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status } } });
}
