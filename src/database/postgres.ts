import { Socket } from 'node:net';
import pg from 'pg';
import { sqlState } from './database-error.ts';
import { sessionSettings } from './session-settings.ts';
import { StartError } from '../start-error.ts';

/** The oldest version of PostgreSQL that the tests run with. */
const oldestVersion = 15;

/**
 * Opens a pool, and checks that the server is reachable and can be used.
 * @param key the configuration key of the URL
 * @param session settings of each session, e.g. `jit=off`
 * @throws StartError if the server can't be reached or used
 */
export async function openPool(
  key: string,
  url: string,
  settings: pg.PoolConfig,
  session: readonly string[] = [],
): Promise<pg.Pool> {
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    stream: () => {
      const socket = new Socket();
      sockets.add(socket.once('close', () => sockets.delete(socket)));
      return socket;
    },
    connectionString: withSettings(url, session),
    application_name: 'orderstream',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...settings,
  });
  // If the server closes an idle connection, the next query opens a new one. Without a listener, the event would end
  // the process.
  pool.on('error', () => undefined);
  try {
    await checkServer(key, pool);
    return pool;
  } catch (error) {
    await pool.end();
    // If the client has no password, it leaves the connection open, and the server waits a minute for one. So the
    // sockets are closed here.
    for (const socket of sockets) socket.destroy();
    throw error instanceof StartError ? error : new StartError(messageFor(key, url, error), { cause: error });
  }
}

/**
 * Session settings are sent when the session starts. They take precedence over those of the database and the role,
 * and RESET keeps them.
 */
function withSettings(url: string, session: readonly string[]): string {
  const changed = new URL(url);
  const options = changed.searchParams.get('options') ?? '';
  const settings = [...sessionSettings.map(([name, value]) => `${name}=${value.replaceAll(' ', '\\ ')}`), ...session];
  changed.searchParams.set('options', [options, ...settings.map(one => `-c ${one}`)].join(' ').trim());
  return changed.href;
}

async function checkServer(key: string, pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string; number: number; encoding: string; settings: (string | null)[] }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
            current_setting('server_encoding') AS encoding,
            ARRAY[${sessionSettings.map(([name]) => `current_setting('${name}', true)`).join(', ')}] AS settings`,
  );
  const [server] = rows;
  if (server === undefined) throw new Error('The server did not return its version');
  if (server.number < oldestVersion * 10_000) {
    throw new StartError(
      `${key}: the server is PostgreSQL ${server.version}: set it to a server of version ${oldestVersion} or newer`,
    );
  }
  // Other encodings reject names in other alphabets, or change them.
  if (server.encoding !== 'UTF8') {
    throw new StartError(
      `${key}: the encoding of the database is ${server.encoding}: create a database with ENCODING 'UTF8' and use that`,
    );
  }
  const lost = sessionSettings.find(([, value], index) => server.settings[index] !== value);
  if (lost !== undefined) {
    const [name, value] = lost;
    throw new StartError(
      `${key}: a connection pooler does not pass the session setting ${name} = ${value} on to the server: set the address of the server itself, or see docs/configuration.md`,
    );
  }
}

function messageFor(key: string, url: string, error: unknown): string {
  const { hostname, port, pathname, username, password } = new URL(url);
  const server = `${decodeURIComponent(hostname) || 'localhost'}:${port || '5432'}`;
  const { code, message } = error as { code?: string; message: string };
  // This error comes from the client and not from the server: the server requires a password, and the URL has none.
  if (message.startsWith('SASL') && password === '') {
    return `${key}: ${server} requires a password for ${decodeURIComponent(username) || 'the user'}: add it to the URL`;
  }
  switch (sqlState(error)) {
    case '28000':
    case '28P01':
      return `${key}: ${server} rejects the login of ${decodeURIComponent(username) || 'the user'} (${message}): set the right user and password`;
    case '3D000': {
      const name = decodeURIComponent(pathname.slice(1));
      return `${key}: there is no database ${name} at ${server}: create it (createdb ${name}), or set another database`;
    }
    case '42704': // undefined_object: an older server does not know one of the sessionSettings
      return `${key}: ${server} does not know a session setting (${oneLine(message)}): set it to a server of version ${oldestVersion} or newer`;
    case undefined:
      return `${key}: no PostgreSQL server answers at ${server} (${oneLine(code ?? message)}): start it, or set the right address`;
    default:
      return `${key}: ${server} accepts no connection (${oneLine(message)}): repair the server, or set another one`;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
