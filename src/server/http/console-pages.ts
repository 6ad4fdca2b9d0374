import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConsoleFile, ConsoleFiles, Encoding } from './console-files.ts';
import type { ConsoleLogin, LoginFacts } from './console-login.ts';

/** Answers a browser's requests for the console; returns false for any other request, which it does not touch. */
export type ConsolePages = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The page may load from this server only, connect to it and to the issuer that gives its tokens, and no other page may
 * embed it. `'self'` covers the socket of the same host.
 */
function policyFor(login: LoginFacts | undefined): string {
  const connected = login ? `'self' ${new URL(login.tokenEndpoint).origin}` : `'self'`;
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `connect-src ${connected}`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
}

/**
 * The console, for browsers: the page at the paths of its routes, and its assets. A browser that opens another path gets
 * the page too, with the status 404: the page says so in words. Requests that do not accept HTML are not touched.
 */
export function openConsolePages(
  { pageWith, assets, routes }: ConsoleFiles,
  login: ConsoleLogin = () => Promise.resolve(undefined),
): ConsolePages {
  const pages = routes.map(route => new RegExp(`^${route.replace(/:[a-z]+/gi, '[^/]+')}$`));

  return (path, request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const asset = assets.get(path);
    if (asset) {
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      send(asset, 200, request, response);
      return true;
    }
    if (path.startsWith('/assets/') || !request.headers.accept?.includes('text/html')) return false;
    void sendPage(pages.some(page => page.test(path)) ? 200 : 404, request, response);
    return true;
  };

  async function sendPage(status: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const facts = await login();
    response.setHeader('Content-Security-Policy', policyFor(facts));
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    // A new version is used with the next load: the page names the assets by their hashes.
    response.setHeader('Cache-Control', 'no-cache');
    send(pageWith(facts), status, request, response);
  }
}

function send(file: ConsoleFile, status: number, request: IncomingMessage, response: ServerResponse): void {
  const encoding = encodingFor(request, file);
  const tag = `"${file.tag}-${encoding}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Vary', 'Accept-Encoding, Origin');
  response.setHeader('Referrer-Policy', 'no-referrer');
  if (status === 200 && request.headers['if-none-match'] === tag) {
    response.writeHead(304).end();
    return;
  }
  const content = file.contents.get(encoding) ?? Buffer.alloc(0);
  response.setHeader('Content-Type', file.type);
  response.setHeader('Content-Length', content.length);
  if (encoding !== 'identity') response.setHeader('Content-Encoding', encoding);
  response.writeHead(status).end(request.method === 'HEAD' ? undefined : content);
}

function encodingFor({ headers }: IncomingMessage, { contents }: ConsoleFile): Encoding {
  const accepted = (headers['accept-encoding'] ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => !/;\s*q=0(?:\.0*)?$/.test(each))
    .map(each => each.split(';', 1)[0]);
  return (['br', 'gzip'] as const).find(each => accepted.includes(each) && contents.has(each)) ?? 'identity';
}
