// npm run watch: prints a line for each change of each order, and reconnects after lost connections and server
// restarts.
import { WebSocket } from 'ws';
import { createClient } from '../client/graphql-ws.ts';
import { StartError } from '../start-error.ts';
import { styleFor } from '../development/terminal-style.ts';
import { caller, type CallerOptions, callerOptions } from './caller.ts';
import { explainError, runCommand } from './command-line.ts';
import { onInterrupt } from './on-interrupt.ts';
import { jsonOption, sideLine } from './report.ts';
import { serverUrl, usualUrl } from './server-url.ts';
import { openApi } from './simulate/api.ts';
import { viewer as whoIs } from '../simulation/operations.ts';
import type { Viewer } from './simulate/people.ts';
import { lineOf, type Update } from './watch/line.ts';
import { customerOrdersUpdated, ordersUpdated } from './watch/operations.ts';

const command = {
  usage: `npm run watch -- [--url ${usualUrl}] [--token TOKEN]`,
  about: `Prints a line for each change of each order, until Ctrl-C. It resumes after a lost connection: no change is missed.

  --url URL      the server's GraphQL endpoint
  --token TOKEN  a staff token for all orders, a customer's token for their own. Default: signed with
                 AUTH_JWT_SECRET, or else with the development key.`,
  options: { ...callerOptions, ...jsonOption },
};

/** The server's close code for an expired or rejected token. */
const forbidden = 4403;

async function run(options: CallerOptions & { readonly json?: boolean | undefined }): Promise<number> {
  const style = styleFor(process.stdout, process.env);
  const print = sideLine(options.json);
  const end = onInterrupt();
  const url = serverUrl(options.url);
  const person = caller(process.env, 'staff', options.token);
  const { viewer } = await openApi(url, end.signal, print).ask<{ viewer: Viewer }>(person, whoIs);
  const all = viewer.role !== 'CUSTOMER';
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    token: person.token,
    onResync: () => {
      print(style('yellow', 'The database was restored: the following changes are of another log'));
    },
  });
  let lost = false;
  client.on('closed', event => {
    // After an expired token the client reconnects with a fresh one at once: nothing to report.
    if (lost || end.signal.aborted || (event as { code?: number }).code === forbidden) return;
    lost = true;
    print(style('yellow', 'The connection was lost: trying again'));
  });
  client.on('connected', () => {
    if (lost) print(style('green', 'Connected again: continuing after the last position'));
    lost = false;
  });
  end.signal.addEventListener('abort', () => void client.dispose());

  print(`Watching ${all ? 'all orders' : `the orders of ${viewer.subject}`} at ${url}, until Ctrl-C`);
  const request = all
    ? { query: ordersUpdated }
    : { query: customerOrdersUpdated, variables: { customerId: viewer.subject } };
  let live = false;
  for await (const { data, errors } of client.iterate<{ update: Update }>(request)) {
    for (const { message } of errors ?? []) print(style('red', message));
    const update = data?.update;
    if (update && options.json) console.log(JSON.stringify(update));
    else if (update?.kind === 'UPDATE') print(lineOf(update, style));
    else if (update && !live) print(style('dim', `Live from position ${update.position}`));
    live = true;
  }
  return 0;
}

/**
 * Converts an error that ends a graphql-ws subscription: server errors, a closed socket, or an error of the client
 * itself.
 */
function readable(error: unknown): unknown {
  if (Array.isArray(error)) return new StartError((error as Error[]).map(({ message }) => message).join('\n'));
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  if (typeof code !== 'number') return error;
  return new StartError(`The server closed the connection: ${code} ${String(reason)}`);
}

await runCommand(
  command,
  ({ values }) => run(values),
  error => explainError(readable(error)),
);
