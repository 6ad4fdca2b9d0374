import type { ServerResponse } from 'node:http';

/** What a process says of itself to whoever operates it. */
export interface Probes {
  /** Whether it can serve, and what of it is not as it should be. */
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * `degraded` serves: without Redis updates come a little later, behind the log lists are older. Taking such a node out
 * would take all of them out at once.
 */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unavailable';
  readonly [part: string]: unknown;
}

/**
 * Answers `/healthz`, `/readyz` and `/metrics`.
 * @param closing whether the process takes nothing new any more
 * @returns false where the path is another one
 */
export function answerProbe(
  path: string | undefined,
  probes: Probes,
  closing: boolean,
  response: ServerResponse,
): boolean {
  switch (path) {
    case '/healthz':
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
      return true;
    case '/readyz':
      void answerReadiness(probes, closing, response);
      return true;
    case '/metrics':
      void answerMetrics(probes, response);
      return true;
    default:
      return false;
  }
}

/** Ready to be asked by a load balancer: 200, or 503 where nothing would be answered. */
async function answerReadiness(probes: Probes, closing: boolean, response: ServerResponse): Promise<void> {
  const readiness: Readiness = closing ? { status: 'unavailable', stopping: true } : await probes.readiness();
  const [status, headers] = readiness.status === 'unavailable' ? [503, { 'Retry-After': '1' }] : [200, {}];
  response.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(`${JSON.stringify(readiness)}\n`);
}

/** For Prometheus. */
async function answerMetrics(probes: Probes, response: ServerResponse): Promise<void> {
  const { contentType, text } = await probes.metrics();
  response.writeHead(200, { 'Content-Type': contentType }).end(text);
}
