import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../telemetry/logger.ts';
import { type Assets, loadAssets } from './graphiql-assets.ts';

/** The content of the page for one load. */
export interface Page {
  readonly title: string;
  /** HTML, displayed beside the tabs. */
  readonly heading: string;
  readonly tabs: readonly Tab[];
  /** Default headers of new tabs. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Ids and tokens that are new with each load. After a reload they replace those of the last load in the stored
   * tabs.
   */
  readonly fresh: readonly string[];
}

export interface Tab {
  readonly query: string;
  readonly variables: object;
  /** Sent with the requests of the tab, and in `connection_init` of its socket. */
  readonly headers: Readonly<Record<string, string>>;
}

const path = '/graphql';
const folder = '/graphql/page';

/** Answers a browser's requests for GraphiQL; returns false for any other request, which it does not touch. */
export type GraphiQL = (request: IncomingMessage, response: ServerResponse) => boolean;

// The page may load from and connect to this server only, and no other page may embed it.
const policy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `worker-src 'self'`,
  `connect-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `font-src data:`,
  `img-src data:`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/**
 * GraphiQL at /graphql, for browsers. All its files come from this server, so it works offline.
 *
 * The editor is yoga's; the page around it is ours. Yoga's `renderGraphiQL` accepts JSON only, so no fetcher. Its own
 * fetcher restarts a subscription after a disconnect without `after` (WebSocket) or not at all (SSE), ends it when
 * another tab is selected, and shows its newest frame only. It also needs inline scripts, which exclude a strict
 * Content-Security-Policy.
 * @param options.pageOf makes the content from the query of the page's URL
 */
export function openGraphiQL(options: { logger: Logger; pageOf: (query: URLSearchParams) => Promise<Page> }): GraphiQL {
  const { logger, pageOf } = options;
  let loaded: Promise<Assets> | undefined;
  const assets = (): Promise<Assets> => (loaded ??= loadAssets(folder));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const files = await assets();
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname !== path) return files.answer(url.pathname, request, response);
    const body = html(await pageOf(url.searchParams), files);
    response
      .writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy })
      .end(body);
  }

  return (request, response) => {
    const [requestPath = ''] = (request.url ?? '').split('?', 1);
    const isPage = requestPath === path && !!request.headers.accept?.includes('text/html');
    if (request.method !== 'GET' || !(isPage || requestPath.startsWith(`${folder}/`))) return false;
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'serving GraphiQL failed');
      response.destroy();
    });
    return true;
  };
}

function html({ title, heading, tabs, headers, fresh }: Page, { paths }: Assets): string {
  const pageData = {
    heading,
    headers: json(headers),
    tabs: tabs.map(tab => ({ query: tab.query, variables: json(tab.variables), headers: json(tab.headers) })),
    fresh,
    workers: paths.workers,
  };
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${paths.style}">
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script type="application/json" id="page">${JSON.stringify(pageData).replaceAll('<', String.raw`\u003c`)}</script>
    <script src="${paths.graphiql}"></script>
    <script src="${paths.script}"></script>
  </body>
</html>
`;
}

/** Indented, for the editor. */
function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
