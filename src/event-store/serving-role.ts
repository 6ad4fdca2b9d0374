import pg from 'pg';
import { postgresServers } from '../config/postgres-servers.ts';
import { lacksRight, isUnreachable, sqlState } from '../database/database-error.ts';
import { openPool } from '../database/postgres.ts';
import { pairOf, timeLimitsMs } from '../database/session-settings.ts';
import { StartError } from '../start-error.ts';

/** The tables that the serving role may write beside those of the views. */
const ownTables = ['checkpoints', 'parked_streams', 'processes', 'snapshots', 'verification'];

type Settings = readonly (readonly [name: string, value: string])[];

/** The SQLSTATE of a wrong password. */
const invalidPassword = '28P01';

/**
 * Checks that the owner can do what grantServing() does, so that no migration is applied if that would fail.
 * @param ownerUrl connection URL of the role that migrates
 * @param servingUrl connection URL of the role that serves, on the same database
 * @throws StartError with the SQL that has to be run, and the role that has to run it
 */
export async function checkMayGrantServing(ownerUrl: string, servingUrl: string): Promise<void> {
  const role = userOf(servingUrl);
  if (role === userOf(ownerUrl)) return;
  if (role === '') throw new StartError('DATABASE_URL: add the user that serves, so that it can be given its rights');
  const { owner, roleExists, mayCreateRoles, openToAll } = await asOwner(ownerUrl, pool =>
    readOwnersRights(pool, role),
  );
  if (!roleExists && !mayCreateRoles) {
    throw new StartError(
      `DATABASE_URL: there is no role ${role}, and ${owner} may not create one: have a superuser run CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD '…' with the password of DATABASE_URL, then run this again`,
    );
  }
  if (openToAll) {
    throw new StartError(
      `DATABASE_MIGRATE_URL: every role may create in the schema public, and ${owner} may not change that: have the schema's owner run REVOKE CREATE ON SCHEMA public FROM PUBLIC, then run this again`,
    );
  }
}

interface OwnersRights {
  readonly owner: string;
  readonly roleExists: boolean;
  readonly mayCreateRoles: boolean;
  /** Every role may create objects in the schema, and the owner of the tables can't revoke that right. */
  readonly openToAll: boolean;
}

async function readOwnersRights(pool: pg.Pool, role: string): Promise<OwnersRights> {
  const { rows } = await pool.query<OwnersRights>(
    `SELECT current_user::text AS owner,
       EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "roleExists",
       me.rolsuper OR me.rolcreaterole AS "mayCreateRoles",
       has_schema_privilege('public', s.oid, 'CREATE') AND NOT pg_has_role(s.nspowner, 'USAGE') AS "openToAll"
     FROM pg_roles me, pg_namespace s
     WHERE me.rolname = current_user AND s.nspname = 'public'`,
    [role],
  );
  const [rights] = rows;
  if (rights === undefined) throw new StartError('DATABASE_MIGRATE_URL: its database has no schema public: create it');
  return rights;
}

/**
 * Gives the serving role the rights that an api or projector process needs, and revokes rights with which it could
 * change the log. If the owner also serves, nothing is changed, because an owner always has all rights. A missing
 * role is created with the password of the URL.
 * @param ownerUrl connection URL of the role that migrated
 * @param servingUrl connection URL of the role that serves, on the same database
 * @param viewTables the tables of all views
 * @returns the serving role, if it is not the owner
 * @throws StartError if the owner can't connect
 */
export async function grantServing(
  ownerUrl: string,
  servingUrl: string,
  viewTables: readonly string[],
): Promise<string | undefined> {
  const role = userOf(servingUrl);
  if (role === userOf(ownerUrl)) return undefined;
  return asOwner(ownerUrl, async pool => {
    const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await pool.query(newRole(role, passwordOf(servingUrl)));
    await pool.query(servingRights(role, [...ownTables, ...viewTables]));
    return role;
  });
}

/**
 * Gives the settings to each session of the serving role on this database, unless it has them. Behind a pooler in
 * transaction mode no connection can set them itself.
 * @throws StartError if the owner may not do that
 */
export async function setServingSessions(ownerUrl: string, servingUrl: string, settings: Settings): Promise<void> {
  const role = userOf(servingUrl);
  await asOwner(ownerUrl, async pool => {
    const { owner, database, given } = await readSessions(pool, role);
    const missing = settings.filter(([name, value]) => given.get(name) !== value);
    if (missing.length === 0) return;
    try {
      await pool.query(sessionsOf(role, database, missing));
    } catch (error) {
      if (!lacksRight(error)) throw error;
      throw new StartError(
        `DATABASE_POOLER: ${owner} may not change the session settings of ${role}: have a superuser run the ALTER ROLE statements of docs/operating/database.md, then run this again`,
        { cause: error },
      );
    }
  });
}

interface Sessions {
  readonly owner: string;
  readonly database: string;
  /** The settings that the role has on this database. */
  readonly given: ReadonlyMap<string, string>;
}

async function readSessions(pool: pg.Pool, role: string): Promise<Sessions> {
  const { rows } = await pool.query<{ owner: string; database: string; settings: string[] }>(
    // A setting for the database takes precedence over one for all databases, whose number is 0.
    `SELECT current_user::text AS owner,
       current_database()::text AS database,
       ARRAY(
         SELECT unnest(s.setconfig) FROM pg_db_role_setting s, pg_roles r, pg_database d
         WHERE r.rolname = $1 AND s.setrole = r.oid AND d.datname = current_database() AND s.setdatabase IN (0, d.oid)
         ORDER BY s.setdatabase
       ) AS settings`,
    [role],
  );
  const { owner = '', database = '', settings = [] } = rows[0] ?? {};
  return { owner, database, given: new Map(settings.map(pairOf)) };
}

/** The statements are sent together, so they run in one transaction. */
function sessionsOf(role: string, database: string, settings: Settings): string {
  const target = `${pg.escapeIdentifier(role)} IN DATABASE ${pg.escapeIdentifier(database)}`;
  return [
    // Loads the language, which has settings of its own. Before that, only a superuser may set them.
    'DO $$ BEGIN END $$',
    ...settings.map(([name, value]) => `ALTER ROLE ${target} SET ${name} TO ${pg.escapeLiteral(value)}`),
  ].join(';\n');
}

/**
 * Connects as the serving role, and sets its password to the one of the URL if the server has another one.
 * @param pooled settings that each session of the role has, see setServingSessions(); undefined without a pooler
 * @returns the result; `unreachable` if there is no connection to a server at the URL, so that the password could not
 * be checked
 * @throws StartError with the remedy if the role can't connect, or connects to another database than the owner's
 */
export async function checkServingLogin(
  ownerUrl: string,
  servingUrl: string,
  pooled?: Settings,
): Promise<'connects' | 'password changed' | 'unreachable'> {
  try {
    await connectAsServing(servingUrl, pooled);
    return 'connects';
  } catch (error) {
    const cause = (error as Error).cause;
    if (cause !== undefined && isUnreachable(cause)) return 'unreachable';
    if (sqlState(cause) !== invalidPassword || passwordOf(servingUrl) === '') throw error;
  }
  await asOwner(ownerUrl, pool => changePassword(pool, userOf(servingUrl), passwordOf(servingUrl)));
  await connectAsServing(servingUrl, pooled);
  return 'password changed';
}

async function connectAsServing(servingUrl: string, pooled: Settings | undefined): Promise<void> {
  const settings = { max: 1, ...timeLimitsMs };
  const pool = await openPool({ key: 'DATABASE_URL', url: servingUrl, settings, roleSettings: pooled });
  try {
    const { rows } = await pool.query<{ migrated: boolean }>(
      `SELECT to_regclass('public.events') IS NOT NULL AS migrated`,
    );
    if (rows[0]?.migrated !== true) {
      throw new StartError(
        'DATABASE_URL: it names another database than DATABASE_MIGRATE_URL: set both to the same database',
      );
    }
  } finally {
    await pool.end();
  }
}

async function changePassword(pool: pg.Pool, role: string, password: string): Promise<void> {
  const remedy = `have a superuser run ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD '…', or set the right password in DATABASE_URL`;
  const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolcreaterole)', [
    role,
  ]);
  // A mistake in a URL must not change the password of an administrator.
  if (rowCount !== 0) {
    throw new StartError(
      `DATABASE_URL: ${role} has another password, and this command does not change the password of an administrator: ${remedy}`,
    );
  }
  try {
    await pool.query(`ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD ${pg.escapeLiteral(password)}`);
  } catch (error) {
    if (!lacksRight(error)) throw error;
    throw new StartError(`DATABASE_URL: ${role} has another password, and the owner may not change it: ${remedy}`, {
      cause: error,
    });
  }
}

async function asOwner<Result>(ownerUrl: string, action: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
  const pool = await openPool({ key: 'DATABASE_MIGRATE_URL', url: ownerUrl, settings: { max: 1, ...timeLimitsMs } });
  try {
    return await action(pool);
  } finally {
    await pool.end();
  }
}

/**
 * The role may write the given tables and create keys. It may read the log, but append to it only with append_events().
 * It may erase a key only with erase_customer_key(), which requires that the log has the erasure.
 * The statements are sent together, so they run in one transaction. A role that may create objects in `public` could
 * add an operator there, and append_events() would call it with the owner's rights.
 */
function servingRights(role: string, written: readonly string[]): string {
  const name = pg.escapeIdentifier(role);
  return `
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO ${name};
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT INSERT, UPDATE, DELETE ON ${written.join(', ')} TO ${name};
    GRANT INSERT ON customer_keys TO ${name};
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON events FROM ${name};
    GRANT EXECUTE ON FUNCTION erase_customer_key(text) TO ${name};
    GRANT EXECUTE ON FUNCTION append_events(jsonb), append_events(${Array(20).fill('text').join(', ')}) TO ${name};`;
}

/** DDL statements take no parameters, so both values are quoted. */
function newRole(role: string, password: string): string {
  const login = password === '' ? 'LOGIN' : `LOGIN PASSWORD ${pg.escapeLiteral(password)}`;
  return `CREATE ROLE ${pg.escapeIdentifier(role)} ${login}`;
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(postgresServers(url).urls[0]).username);
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(postgresServers(url).urls[0]).password);
}
