import { createServer } from 'node:http';
import type { Config } from '../../config.ts';
import { pathOf } from './incoming-request.ts';
import { listen } from './listen.ts';
import { answerProbe, type Probes } from '../probes/probes.ts';

/** A request that takes longer to arrive is not a probe. */
const requestTimeoutMs = 5_000;

/** The HTTP server of a process without the role `api`. */
export interface ProbeServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` only.
 * @throws StartError if it cannot listen on the port
 */
export async function openProbeServer(probes: Probes, config: Pick<Config, 'host' | 'port'>): Promise<ProbeServer> {
  let closing = false;
  const http = createServer(
    { headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs },
    (request, response) => {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Cache-Control', 'no-store');
      if (answerProbe(pathOf(request), probes, closing, response)) return;
      response
        .writeHead(404, { 'Content-Type': 'text/plain' })
        .end('This process only has the role projector: it serves no GraphQL\n');
    },
  );
  const url = await listen(http, config);
  return {
    url,
    close() {
      closing = true;
      return new Promise(resolve => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}
