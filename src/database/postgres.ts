import { Socket } from 'node:net';
import pg from 'pg';
import { sqlState } from './database-error.ts';
import { sessionSettings } from './session-settings.ts';
import { StartError } from '../start-error.ts';

/** The oldest PostgreSQL that we test with. */
const oldestVersion = 15;

/**
 * A pool whose server was reached and is one that we can work on.
 * @param key of the configuration that the URL comes from
 * @param session what each session is to have set, e.g. `jit=off`
 * @throws StartError
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
  // An idle connection that the server closes is replaced by the next query; unheard, the event would end the process.
  pool.on('error', () => undefined);
  try {
    await checkServer(key, pool);
    return pool;
  } catch (error) {
    await pool.end();
    // The client leaves its connection open if it has no password to answer with, and the server waits a minute for one.
    for (const socket of sockets) socket.destroy();
    throw error instanceof StartError ? error : new StartError(refusal(key, url, error), { cause: error });
  }
}

/** Settings of the session go with its start: they beat those of the database and the role, and RESET keeps them. */
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
  if (server === undefined) throw new Error('The server did not say its version');
  if (server.number < oldestVersion * 10_000) {
    throw new StartError(
      `${key}: the server is PostgreSQL ${server.version}: set it to one of version ${oldestVersion} or newer`,
    );
  }
  // Names in other alphabets would be refused, or stored as other text than came in.
  if (server.encoding !== 'UTF8') {
    throw new StartError(
      `${key}: the database is encoded in ${server.encoding}: create one with ENCODING 'UTF8' and set it to that`,
    );
  }
  const lost = sessionSettings.find(([, value], index) => server.settings[index] !== value);
  if (lost !== undefined) {
    const [name, value] = lost;
    throw new StartError(
      `${key}: what is between here and the server, a pooler, does not pass on that a session has ${name} = ${value}: set the server's own address, or see docs/configuration.md`,
    );
  }
}

function refusal(key: string, url: string, error: unknown): string {
  const { hostname, port, pathname, username, password } = new URL(url);
  const server = `${decodeURIComponent(hostname) || 'localhost'}:${port || '5432'}`;
  const { code, message } = error as { code?: string; message: string };
  // The client's own error, before the server has any: it was asked for a password and has none.
  if (message.startsWith('SASL') && password === '') {
    return `${key}: ${server} asks for the password of ${decodeURIComponent(username) || 'the user'}: add it`;
  }
  switch (sqlState(error)) {
    case '28000':
    case '28P01':
      return `${key}: ${server} does not let ${decodeURIComponent(username) || 'the user'} in (${message}): set the right user and password`;
    case '3D000': {
      const name = decodeURIComponent(pathname.slice(1));
      return `${key}: there is no database ${name} at ${server}: create it (createdb ${name}), or set another`;
    }
    case '42704': // undefined_object: an older server does not know all that sessionSettings names
      return `${key}: ${server} does not know a session setting (${oneLine(message)}): set it to one of version ${oldestVersion} or newer`;
    case undefined:
      return `${key}: no PostgreSQL answers at ${server} (${oneLine(code ?? message)}): start it, or set the right address`;
    default:
      return `${key}: ${server} takes no connection (${oneLine(message)}): see to it, or set another`;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
