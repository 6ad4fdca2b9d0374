import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { script } from '../generated/graphiql-script.ts';
import { style } from './graphiql-style.ts';

/** The page's own files, so that it needs no network: 9 MB as they are, 2 MB as they are sent. */
export interface Assets {
  /** Where each is served. Another content has another path, so that browsers may keep them for good. */
  readonly paths: {
    readonly style: string;
    readonly graphiql: string;
    readonly script: string;
    /** By the labels that the editor asks for them with. */
    readonly workers: Readonly<Record<'editorWorkerService' | 'graphql' | 'json', string>>;
  };
  /** Answers a request for what is at a path. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const encoders = {
  // Better takes seconds, and this is waited for.
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

/** @param folder path that theirs begin with */
export async function loadAssets(folder: string): Promise<Assets> {
  // Not before somebody opens the page: to load it takes a start's time, and 20 MB that most processes never need.
  const page = await import('@graphql-yoga/render-graphiql/graphiql');
  const javascript = 'text/javascript; charset=utf-8';
  const css = asset(folder, 'graphiql.css', 'text/css; charset=utf-8', page.css + style);
  const graphiql = asset(folder, 'graphiql.js', javascript, page.js);
  const own = asset(folder, 'page.js', javascript, script);
  const editor = asset(folder, 'editor-worker.js', javascript, page.editorWorkerService);
  const graphql = asset(folder, 'graphql-worker.js', javascript, page.graphqlWorker);
  const json = asset(folder, 'json-worker.js', javascript, page.jsonWorker);
  const byPath = new Map([css, graphiql, own, editor, graphql, json].map(each => [each.path, each]));

  return {
    paths: {
      style: css.path,
      graphiql: graphiql.path,
      script: own.path,
      workers: { editorWorkerService: editor.path, graphql: graphql.path, json: json.path },
    },
    async answer(path, request, response) {
      const wanted = byPath.get(path);
      if (wanted) await send(wanted, request, response);
      else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such file of this version\n');
    },
  };
}

function asset(folder: string, name: string, type: string, content: string): Asset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 16);
  const kept = new Map<Encoding, Promise<Buffer>>();
  return {
    path: `${folder}/${hash}/${name}`,
    hash,
    type,
    encoded(encoding) {
      const known = kept.get(encoding);
      if (known) return known;
      const made = encoders[encoding](content);
      kept.set(encoding, made);
      return made;
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
