import pg from 'pg';

/** The database of that name on the same server. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Runs statements on a new connection, and closes it. */
export async function onDatabase<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = await connected(url);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** A new connection; `end()` closes it. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // If the server goes away between two statements, the connection emits an error that would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
