import { randomBytes } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';

const keyBytes = 32;

/**
 * The key that encrypts a subject's personal data. It is created if there is none. It is only for writing: a reader
 * reads the key together with the event, in one statement, so that a deleted key decrypts nothing from then on.
 * A key is deleted by setting it to empty, and its row is kept. Without the row, the subject would get a new key
 * here, and the data of the old key would look lost instead of erased.
 */
export async function personalKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await storedKey(database, subject);
  // Data that is stored after the deletion is encrypted as well, with a key that is never stored.
  return key.length > 0 ? key : randomBytes(keyBytes);
}

async function storedKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await findKey(database, subject);
  if (key) return key;
  await addKey(database, subject, randomBytes(keyBytes));
  // Read again: if two nodes create a key at the same time, the first one is used.
  return (await findKey(database, subject)) ?? (await storedKey(database, subject));
}

/** The stored key: empty if it was deleted, undefined if the subject never had one. */
export async function findKey({ models }: Database, subject: string): Promise<Uint8Array | undefined> {
  const row = await models.customerKey.findUnique({ where: { customerId: subject } });
  return row?.key;
}

async function addKey(database: Database, subject: string, key: Buffer): Promise<void> {
  await database.execute(sql`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, decode(${key.toString('hex')}, 'hex'))
    ON CONFLICT DO NOTHING`);
}

/**
 * Deletes the key of a subject permanently by setting it to empty. The data that it encrypted can't be decrypted any
 * more, and later data is encrypted with a key that is never stored. Only the owner of the tables may do this.
 */
export async function emptyKey(database: Database, subject: string): Promise<void> {
  // This also inserts an empty key if there is none: otherwise a command in flight could still create one.
  await database.execute(sql`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, ''::bytea)
    ON CONFLICT (customer_id) DO UPDATE SET key = ''::bytea`);
}

/** Whether this connection may call emptyKey(). */
export async function mayEmptyKeys(database: Database): Promise<boolean> {
  const rows = await database.query<{ may: boolean }>(
    sql`SELECT has_table_privilege('customer_keys', 'UPDATE') AS may`,
  );
  return rows[0]?.may === true;
}

/**
 * The same as emptyKey(), for the role that serves. The database does it only if the log has the event with which the
 * subject's own stream records the erasure. So no key is erased without an event that says who erased it.
 */
export async function emptyKeyOfErased(database: Database, subject: string): Promise<void> {
  await database.query(sql`SELECT erase_customer_key(${subject})`);
}
