import type { ServerResponse } from 'node:http';

/** What a process reports to its operator. */
export interface Probes {
  /** Whether the process can serve requests, and what is degraded. */
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * A `degraded` process still serves: without Redis updates arrive a little later; if the views lag, lists are older.
 * A load balancer should keep it, since all nodes are usually degraded at the same time.
 */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unavailable';
  readonly [part: string]: unknown;
}

/**
 * Answers `/healthz`, `/readyz` and `/metrics`.
 * @param stopping whether the process was asked to stop: a load balancer should send its requests elsewhere
 * @returns false for any other path
 */
export function answerProbe(
  path: string | undefined,
  probes: Probes,
  stopping: boolean,
  response: ServerResponse,
): boolean {
  switch (path) {
    case '/healthz':
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
      return true;
    case '/readyz':
      void answerReadiness(probes, stopping, response);
      return true;
    case '/metrics':
      void answerMetrics(probes, response);
      return true;
    default:
      return false;
  }
}

/** For load balancers: 200, or 503 if requests would fail. */
async function answerReadiness(probes: Probes, stopping: boolean, response: ServerResponse): Promise<void> {
  const readiness: Readiness = stopping ? { status: 'unavailable', stopping: true } : await probes.readiness();
  const [status, headers] = readiness.status === 'unavailable' ? [503, { 'Retry-After': '1' }] : [200, {}];
  response.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(`${JSON.stringify(readiness)}\n`);
}

/** For Prometheus. */
async function answerMetrics(probes: Probes, response: ServerResponse): Promise<void> {
  const { contentType, text } = await probes.metrics();
  response.writeHead(200, { 'Content-Type': contentType }).end(text);
}
