import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onDatabase } from '../../test/support/on-database.ts';

/** How long a server may take to start, ms: a container's PostgreSQL makes its first database meanwhile. */
const longestStartMs = 30_000;

/** Waits until PostgreSQL answers. @throws its last error once it has had its time */
export function awaitPostgres(url: URL): Promise<void> {
  return untilItWorks(() => onDatabase(url.href, client => client.query('SELECT 1')));
}

/** Waits until something accepts connections there. @throws the last error once it has had its time */
export function awaitServer(at: { readonly host: string; readonly port: number }): Promise<void> {
  return untilItWorks(async () => {
    const socket = connect(at.port, at.host);
    await once(socket, 'connect').finally(() => socket.destroy());
  });
}

async function untilItWorks(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + longestStartMs;
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
