import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onDatabase } from '../../test/support/on-database.ts';

/** Maximum time for the start of a server, ms: a PostgreSQL container first creates its database. */
const startTimeoutMs = 30_000;

/** Waits until PostgreSQL answers. @throws its last error after the maximum time */
export function awaitPostgres(url: URL): Promise<void> {
  return untilItWorks(() => onDatabase(url.href, client => client.query('SELECT 1')));
}

/** Waits until a server accepts connections. @throws the last error after the maximum time */
export function awaitServer(at: { readonly host: string; readonly port: number }): Promise<void> {
  return untilItWorks(async () => {
    const socket = connect(at.port, at.host);
    await once(socket, 'connect').finally(() => socket.destroy());
  });
}

async function untilItWorks(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(250);
    }
  }
}
