import { Socket } from 'node:net';
import pg from 'pg';
import { type PostgresServers, postgresServers } from '../config/postgres-servers.ts';
import { sqlState } from './database-error.ts';
import { failoverClient, serverTimeoutMs } from './failover-client.ts';
import { pairOf, sessionSettings, timeLimitsMs } from './session-settings.ts';
import { StartError } from '../start-error.ts';

/** The oldest version of PostgreSQL that the tests run with. */
const oldestVersion = 15;

/** A pool to open. */
export interface PoolOrder {
  /** The configuration key of the URL; errors begin with it. */
  readonly key: string;
  /** It may name several servers, see postgresServers(). */
  readonly url: string;
  /** Settings of the pool and its clients. */
  readonly settings: pg.PoolConfig;
  /** Settings of each session in addition to sessionSettings, e.g. `jit=off`. */
  readonly session?: readonly string[];
  /**
   * A pooler gives each transaction another session. Nothing is set by the connection then; the server must give these
   * settings to each session of the role.
   */
  readonly roleSettings?: readonly (readonly [name: string, value: string])[] | undefined;
}

/**
 * Opens a pool, and checks that the server is reachable and can be used.
 * @throws StartError if the server can't be reached or used
 */
export async function openPool(order: PoolOrder): Promise<pg.Pool> {
  const { key, settings } = order;
  const servers = postgresServers(order.url);
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    stream: () => {
      const socket = new Socket();
      sockets.add(socket.once('close', () => sockets.delete(socket)));
      return socket;
    },
    application_name: 'orderstream',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...settings,
    ...connectionOf(servers.urls[0], order),
    ...failover(servers),
  });
  // If the server closes an idle connection, the next query opens a new one. Without a listener, the event would end
  // the process.
  pool.on('error', () => undefined);
  try {
    await checkServer(order, pool);
    return pool;
  } catch (error) {
    await pool.end();
    // If the client has no password, it leaves the connection open, and the server waits a minute for one. So the
    // sockets are closed here.
    for (const socket of sockets) socket.destroy();
    throw error instanceof StartError ? error : new StartError(messageFor(key, servers.urls, error), { cause: error });
  }
}

/**
 * Session settings are sent when the session starts. They take precedence over those of the database and the role,
 * and RESET keeps them. A pooler in transaction mode rejects them.
 */
function connectionOf(url: string, { session = [], roleSettings }: PoolOrder): pg.PoolConfig {
  if (roleSettings !== undefined) {
    const none = Object.fromEntries(Object.keys(timeLimitsMs).map(name => [name, undefined]));
    return { connectionString: url, ...none };
  }
  const changed = new URL(url);
  const options = changed.searchParams.get('options') ?? '';
  const settings = [...sessionSettings.map(([name, value]) => `${name}=${value.replaceAll(' ', '\\ ')}`), ...session];
  changed.searchParams.set('options', [options, ...settings.map(one => `-c ${one}`)].join(' ').trim());
  return { connectionString: changed.href };
}

/** A URL with one server and no condition needs nothing. */
function failover({ urls, target }: PostgresServers): pg.PoolConfig {
  if (urls.length === 1 && target === 'any') return {};
  return {
    Client: failoverClient(urls, target === 'read-write'),
    connectionTimeoutMillis: 5_000 + urls.length * serverTimeoutMs,
  };
}

async function checkServer({ key, session = [], roleSettings }: PoolOrder, pool: pg.Pool): Promise<void> {
  const expected = roleSettings ?? [...sessionSettings, ...session.map(pairOf)];
  const { rows } = await pool.query<{ version: string; number: number; encoding: string; settings: (string | null)[] }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
            current_setting('server_encoding') AS encoding,
            ARRAY[${expected.map(([name]) => `current_setting('${name}', true)`).join(', ')}] AS settings`,
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
  const lost = expected.find(([, value], index) => server.settings[index] !== value);
  if (lost === undefined) return;
  const setting = lost.join(' = ');
  if (roleSettings === undefined) {
    throw new StartError(
      `${key}: a connection pooler does not pass the session setting ${setting} on to the server: ${withoutPooler(key)}`,
    );
  }
  throw new StartError(
    `${key}: sessions of its user do not have the setting ${setting}: run npm run db:migrate with DATABASE_POOLER=transaction, then have the pooler connect again`,
  );
}

function messageFor(key: string, urls: readonly [string, ...string[]], error: unknown): string {
  const { pathname, username, password } = new URL(urls[0]);
  const server = urls.map(addressOf).join(', ');
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
    case '08P01': // protocol_violation: PgBouncer's answer to the settings of a session
      return `${key}: ${server} rejects the settings of a session (${oneLine(message)}): ${withoutPooler(key)}`;
    case undefined:
      return `${key}: no PostgreSQL server answers at ${server} (${oneLine(code ?? message)}): start it, or set the right address`;
    default:
      return `${key}: ${server} accepts no connection (${oneLine(message)}): repair the server, or set another one`;
  }
}

/** A migration is one transaction that sets its own limits: it needs a session. */
function withoutPooler(key: string): string {
  const direct = 'set it to the address of the server itself';
  return key === 'DATABASE_URL' ? `set DATABASE_POOLER=transaction if it is a pooler, or ${direct}` : direct;
}

function addressOf(url: string): string {
  const { hostname, port, searchParams } = new URL(url);
  const host = decodeURIComponent(hostname) || (searchParams.get('host') ?? 'localhost');
  return `${host}:${port || '5432'}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
