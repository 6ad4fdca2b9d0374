import { Socket } from 'node:net';
import pg from 'pg';
import { settledWithin } from '../async/timeout.ts';
import { isUnreachable } from './database-error.ts';

/** Maximum time in which a server must say whether it can be used, ms. */
export const serverTimeoutMs = 3_000;

type Callback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/**
 * The client of a pool whose URL names several servers. Each time that it connects, it tries them in order, as libpq
 * does: so after a failover, the connections that are opened anew lead to the new primary. The driver itself knows one
 * server only.
 * @param urls of the servers; they differ in host and port only
 * @param needsWrites a server that accepts no writes is passed over
 */
export function failoverClient(urls: readonly string[], needsWrites: boolean): typeof pg.Client {
  let finding: Promise<string> | undefined;

  /** Clients that connect at the same time share one search. */
  function findServer(): Promise<string> {
    finding ??= firstUsable(urls, needsWrites).finally(() => {
      finding = undefined;
    });
    return finding;
  }

  return class FailoverClient extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: Callback): void;
    override connect(callback?: Callback): Promise<pg.Client> | void {
      const connected = findServer().then(url => {
        // One server is in the settings of the client already, by whatever parameter, e.g. the folder of its socket.
        if (urls.length > 1) this.leadTo(url);
        return super.connect();
      });
      if (callback === undefined) return connected;
      const settled = callback as (error: Error | null, client?: pg.Client) => void;
      connected.then(client => {
        settled(null, client);
      }, settled);
    }

    /** The driver reads host and port when it connects. */
    private leadTo(url: string): void {
      const { hostname, port } = new URL(url);
      this.host = decodeURIComponent(hostname).replace(/^\[|\]$/g, '');
      this.port = Number(port || 5432);
    }
  };
}

/** @throws the error of the last server; a wrong password fails at once, because it is wrong for all of them */
async function firstUsable(urls: readonly string[], needsWrites: boolean): Promise<string> {
  let failure: unknown = new Error('No server of the URL accepts writes');
  for (const url of urls) {
    try {
      if (await isUsable(url, needsWrites)) return url;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function isUsable(url: string, needsWrites: boolean): Promise<boolean> {
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    stream: () => socket,
    application_name: 'orderstream',
    connectionTimeoutMillis: serverTimeoutMs,
  });
  client.on('error', () => undefined);
  const ask = async () => {
    await client.connect();
    if (!needsWrites) return true;
    const { rows } = await client.query<{ readOnly: string }>(
      `SELECT current_setting('transaction_read_only') AS "readOnly"`,
    );
    return rows[0]?.readOnly === 'off';
  };
  try {
    // One deadline for both: the pool waits for the search of all servers, and gives each of them this time.
    return await settledWithin(ask(), serverTimeoutMs, () => new Error('timeout expired'));
  } finally {
    // Without a wait: a server that does not answer would not answer the end either.
    client.end().catch(() => undefined);
    socket.destroySoon();
  }
}
