import { randomBytes } from 'node:crypto';
import type { Database } from '../database/database.ts';

const keyBytes = 32;

/**
 * The key that seals a subject's personal data; it is made if there is none yet. Only for writing: a reader takes the
 * key with the event it opens, in one statement, so that a thrown-away key opens nothing from then on.
 *
 * A key is thrown away by emptying it, never with its row: the subject would get a new key here, and what the old one
 * sealed would read as erased by accident and not by an erasure.
 */
export async function personalKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await storedKey(database, subject);
  // What is stored after the key was thrown away is sealed too, with a key that is stored nowhere.
  return key.length > 0 ? key : randomBytes(keyBytes);
}

async function storedKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await findKey(database, subject);
  if (key) return key;
  await addKey(database, subject, randomBytes(keyBytes));
  // Read again: if two nodes made one at once, the first one counts.
  return (await findKey(database, subject)) ?? (await storedKey(database, subject));
}

/** The key as it is stored now: empty if it was thrown away, undefined if the subject never had one. */
export async function findKey(database: Database, subject: string): Promise<Uint8Array | undefined> {
  const rows = await database.$queryRaw<{ key: Uint8Array }[]>`
    SELECT key FROM customer_keys WHERE customer_id = ${subject}`;
  return rows[0]?.key;
}

async function addKey(database: Database, subject: string, key: Buffer): Promise<void> {
  await database.$executeRaw`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, decode(${key.toString('hex')}, 'hex'))
    ON CONFLICT DO NOTHING`;
}
