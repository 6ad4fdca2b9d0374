import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../telemetry/logger.ts';
import { type Assets, loadAssets } from './graphiql-assets.ts';

/** What one load of the page shows. */
export interface Page {
  readonly title: string;
  /** HTML, beside the tabs. */
  readonly heading: string;
  readonly tabs: readonly Tab[];
  /** Of each tab that is opened later. */
  readonly headers: Readonly<Record<string, string>>;
  /** Texts in it that are another load's no more: in what was kept of the load before, they take the old ones' places. */
  readonly fresh: readonly string[];
}

export interface Tab {
  readonly query: string;
  readonly variables: object;
  /** Of its requests, and of its socket's `connection_init`. */
  readonly headers: Readonly<Record<string, string>>;
}

const path = '/graphql';
const folder = '/graphql/page';

/** Answers what browsers ask for GraphiQL; false for any other request, which is then not touched. */
export type GraphiQL = (request: IncomingMessage, response: ServerResponse) => boolean;

// The page loads nothing and calls nobody but this server, whatever is in it; and no other page can dress it up.
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
 * GraphiQL at /graphql, for browsers: all its files come from this server, it needs no network.
 *
 * The editor is yoga's; the page around it is ours. Yoga's `renderGraphiQL` takes JSON only, so no fetcher: it sends a
 * subscription that was cut again without `after` (WebSocket) or never (SSE), ends it when another tab is chosen, shows
 * its newest frame alone, and needs inline scripts, so that no strict Content-Security-Policy is possible.
 * @param pageOf what to show, by the query of the page's address
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
    const [asked = ''] = (request.url ?? '').split('?', 1);
    const isPage = asked === path && !!request.headers.accept?.includes('text/html');
    if (request.method !== 'GET' || !(isPage || asked.startsWith(`${folder}/`))) return false;
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'GraphiQL was not served');
      response.destroy();
    });
    return true;
  };
}

function html({ title, heading, tabs, headers, fresh }: Page, { paths }: Assets): string {
  const given = {
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
    <script type="application/json" id="page">${JSON.stringify(given).replaceAll('<', String.raw`\u003c`)}</script>
    <script src="${paths.graphiql}"></script>
    <script src="${paths.script}"></script>
  </body>
</html>
`;
}

/** As people write it. */
function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
