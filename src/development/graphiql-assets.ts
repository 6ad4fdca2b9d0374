import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { script } from '../generated/graphiql-script.ts';
import { style } from './graphiql-style.ts';

/** The files of the page, served from here so that it works offline: 9 MB, 2 MB compressed. */
export interface Assets {
  /** URL paths. Each contains a hash of the content, so that browsers can cache the files for ever. */
  readonly paths: {
    readonly style: string;
    readonly graphiql: string;
    readonly script: string;
    /** By the labels that the editor uses for its workers. */
    readonly workers: Readonly<Record<'editorWorkerService' | 'graphql' | 'json', string>>;
  };
  /** Answers a request for one of the files. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const encoders = {
  // A higher quality takes seconds, and the first request waits for it.
  br: (content: string) => promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (content: string) => promisify(gzip)(content),
  identity: (content: string) => Promise.resolve(Buffer.from(content)),
};

type Encoding = keyof typeof encoders;

interface Asset {
  readonly path: string;
  readonly hash: string;
  readonly type: string;
  readonly encoded: (encoding: Encoding) => Promise<Buffer>;
}

/** @param folder path prefix of all files */
export async function loadAssets(folder: string): Promise<Assets> {
  // Loaded with the first request for the page: loading takes as long as the rest of the start, and 20 MB that most
  // processes never need.
  const page = await import('@graphql-yoga/render-graphiql/graphiql');
  const javascript = 'text/javascript; charset=utf-8';
  const css = asset(folder, 'graphiql.css', 'text/css; charset=utf-8', page.css + style);
  const graphiql = asset(folder, 'graphiql.js', javascript, page.js);
  const pageScript = asset(folder, 'page.js', javascript, script);
  const editor = asset(folder, 'editor-worker.js', javascript, page.editorWorkerService);
  const graphql = asset(folder, 'graphql-worker.js', javascript, page.graphqlWorker);
  const json = asset(folder, 'json-worker.js', javascript, page.jsonWorker);
  const byPath = new Map([css, graphiql, pageScript, editor, graphql, json].map(each => [each.path, each]));

  return {
    paths: {
      style: css.path,
      graphiql: graphiql.path,
      script: pageScript.path,
      workers: { editorWorkerService: editor.path, graphql: graphql.path, json: json.path },
    },
    async answer(path, request, response) {
      const found = byPath.get(path);
      if (found) await send(found, request, response);
      else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('This version has no such file\n');
    },
  };
}

function asset(folder: string, name: string, type: string, content: string): Asset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 16);
  const encodings = new Map<Encoding, Promise<Buffer>>();
  return {
    path: `${folder}/${hash}/${name}`,
    hash,
    type,
    encoded(encoding) {
      const known = encodings.get(encoding);
      if (known) return known;
      const promise = encoders[encoding](content);
      encodings.set(encoding, promise);
      return promise;
    },
  };
}

async function send({ hash, type, encoded }: Asset, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const encoding = encodingFor(request);
  const tag = `"${hash}-${encoding}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  response.setHeader('Vary', 'Accept-Encoding, Origin');
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304).end();
    return;
  }
  const body = await encoded(encoding);
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  if (encoding !== 'identity') response.setHeader('Content-Encoding', encoding);
  response.writeHead(200).end(body);
}

function encodingFor({ headers }: IncomingMessage): Encoding {
  const accepted = (headers['accept-encoding'] ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => !/;\s*q=0(?:\.0*)?$/.test(each))
    .map(each => each.split(';', 1)[0]);
  return (['br', 'gzip'] as const).find(encoding => accepted.includes(encoding)) ?? 'identity';
}
