import pg from 'pg';
import { openPool } from '../postgres.ts';
import { StartError } from '../start-error.ts';

/** What the serving role writes; it may read the log too, and add to it through append_events() only. */
const written = [
  'checkpoints, parked_streams, snapshots, order_view, customer_order_view, customer_view, product_view',
  'customer_totals, sales_by_day, product_sales, product_sales_by_day, product_sales_by_month',
].join(', ');

/**
 * Gives the role that serves what an api or projector process needs, and takes from it what could change the log. Where
 * the owner serves too there is nothing to give: an owner can't be kept from anything. A role that is not there yet is
 * made, with the password that the URL has.
 * @param ownerUrl of who migrated
 * @param servingUrl of who serves, on the same database
 * @returns the role, where it is another one
 * @throws StartError where the owner can't be reached
 */
export async function grantServing(ownerUrl: string, servingUrl: string): Promise<string | undefined> {
  const role = userOf(servingUrl);
  if (role === userOf(ownerUrl)) return undefined;
  if (role === '') throw new StartError('DATABASE_URL: say its user, who is to be given the right to serve');
  const pool = await openPool('DATABASE_MIGRATE_URL', ownerUrl, { max: 1 });
  try {
    const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await pool.query(newRole(role, decodeURIComponent(new URL(servingUrl).password)));
    await pool.query(servingRights(role));
    return role;
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
