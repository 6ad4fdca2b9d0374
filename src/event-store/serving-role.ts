import pg from 'pg';
import { isUnreachable, sqlState } from '../database/database-error.ts';
import { openPool } from '../database/postgres.ts';
import { StartError } from '../start-error.ts';

/** What the serving role writes; it may read the log too, and add to it through append_events() only. */
const written = [
  'checkpoints, parked_streams, snapshots, order_view, customer_order_view, customer_view, product_view',
  'customer_totals, sales_by_day, product_sales, product_sales_by_day, product_sales_by_month',
].join(', ');

/** ms, whatever the database or the role has set. */
const limits = { statement_timeout: 30_000, lock_timeout: 10_000, idle_in_transaction_session_timeout: 10_000 };

/** The SQLSTATE of a wrong password, and that of a right that is missing. */
const invalidPassword = '28P01';
const insufficientPrivilege = '42501';

/**
 * Checks that the owner will be able to do what grantServing() does, so that a migration is not applied before that fails.
 * @param ownerUrl of who migrates
 * @param servingUrl of who serves, on the same database
 * @throws StartError that says which SQL has to be run, and by which role
 */
export async function checkMayGrantServing(ownerUrl: string, servingUrl: string): Promise<void> {
  const role = userOf(servingUrl);
  if (role === userOf(ownerUrl)) return;
  if (role === '') throw new StartError('DATABASE_URL: say its user, who is to be given the right to serve');
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
  /** Every role may create in the schema, and the owner of the tables can't take that from them. */
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
 * Gives the role that serves what an api or projector process needs, and takes from it what could change the log. If the
 * owner serves too there is nothing to give: an owner can't be kept from anything. A role that is not there yet is
 * created, with the password that the URL has.
 * @param ownerUrl of who migrated
 * @param servingUrl of who serves, on the same database
 * @returns the role, if it is another one
 * @throws StartError if the owner can't be reached
 */
export async function grantServing(ownerUrl: string, servingUrl: string): Promise<string | undefined> {
  const role = userOf(servingUrl);
  if (role === userOf(ownerUrl)) return undefined;
  return asOwner(ownerUrl, async pool => {
    const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await pool.query(newRole(role, passwordOf(servingUrl)));
    await pool.query(servingRights(role));
    return role;
  });
}

/**
 * Connects as the role that serves, and gives it the URL's password if the server has another one.
 * @returns what came of it; `unreachable` if no server answers at the URL from here, which tells nothing of the password
 * @throws StartError that says what to do if the role can't connect, or to another database than the owner's
 */
export async function checkServingLogin(
  ownerUrl: string,
  servingUrl: string,
): Promise<'connects' | 'password changed' | 'unreachable'> {
  try {
    await connectAsServing(servingUrl);
    return 'connects';
  } catch (error) {
    const cause = (error as Error).cause;
    if (cause !== undefined && isUnreachable(cause)) return 'unreachable';
    if (sqlState(cause) !== invalidPassword || passwordOf(servingUrl) === '') throw error;
  }
  await asOwner(ownerUrl, pool => changePassword(pool, userOf(servingUrl), passwordOf(servingUrl)));
  await connectAsServing(servingUrl);
  return 'password changed';
}

async function connectAsServing(servingUrl: string): Promise<void> {
  const pool = await openPool('DATABASE_URL', servingUrl, { max: 1, ...limits });
  try {
    const { rows } = await pool.query<{ migrated: boolean }>(
      `SELECT to_regclass('public.events') IS NOT NULL AS migrated`,
    );
    if (rows[0]?.migrated !== true) {
      throw new StartError(
        'DATABASE_URL: it names another database than DATABASE_MIGRATE_URL: set both to the same one',
      );
    }
  } finally {
    await pool.end();
  }
}

async function changePassword(pool: pg.Pool, role: string, password: string): Promise<void> {
  const remedy = `have a superuser run ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD '…', or set DATABASE_URL to the right one`;
  const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1 AND (rolsuper OR rolcreaterole)', [
    role,
  ]);
  // A mistake in a URL must not lock the administrators out.
  if (rowCount !== 0) {
    throw new StartError(
      `DATABASE_URL: ${role} has another password, which is not changed for an administrator: ${remedy}`,
    );
  }
  try {
    await pool.query(`ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD ${pg.escapeLiteral(password)}`);
  } catch (error) {
    if (sqlState(error) !== insufficientPrivilege) throw error;
    throw new StartError(`DATABASE_URL: ${role} has another password, and the owner may not change it: ${remedy}`, {
      cause: error,
    });
  }
}

async function asOwner<Result>(ownerUrl: string, use: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
  const pool = await openPool('DATABASE_MIGRATE_URL', ownerUrl, { max: 1, ...limits });
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}

/**
 * One transaction: sent together, the statements hold together or not at all. Whoever can create in `public` could put
 * an operator there that append_events() would then use with the owner's rights.
 */
function servingRights(role: string): string {
  const name = `"${role.replaceAll('"', '""')}"`;
  return `
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO ${name};
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT INSERT, UPDATE, DELETE ON ${written} TO ${name};
    GRANT INSERT ON customer_keys TO ${name};
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON events FROM ${name};
    GRANT EXECUTE ON FUNCTION append_events(jsonb), append_events(${Array(20).fill('text').join(', ')}) TO ${name};`;
}

/** DDL takes no parameters: both are quoted as PostgreSQL quotes them. */
function newRole(role: string, password: string): string {
  const login = password === '' ? 'LOGIN' : `LOGIN PASSWORD ${pg.escapeLiteral(password)}`;
  return `CREATE ROLE ${pg.escapeIdentifier(role)} ${login}`;
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(url).password);
}
