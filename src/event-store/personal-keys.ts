import { randomBytes } from 'node:crypto';
import type { Database } from '../database.ts';

const keyBytes = 32;

/**
 * The key that seals a subject's personal data, made where there is none yet. Only for writing: a reader takes the
 * key with the event it opens, in one statement, so that a thrown-away key opens nothing from then on.
 *
 * A key is thrown away by emptying it, never with its row: the subject would get a new one here, with which the older
 * events would not read as erased but fail.
 */
export async function personalKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await keptKey(database, subject);
  // What comes after it was thrown away is sealed, too, and nobody has the key.
  return key.length > 0 ? key : randomBytes(keyBytes);
}

async function keptKey(database: Database, subject: string): Promise<Uint8Array> {
  const key = await findKey(database, subject);
  if (key) return key;
  await addKey(database, subject, randomBytes(keyBytes));
  // Read again: of two nodes that made one at once, the first one's counts.
  return (await findKey(database, subject)) ?? (await keptKey(database, subject));
}

async function findKey(database: Database, subject: string): Promise<Uint8Array | undefined> {
  const rows = await database.$queryRaw<{ key: Uint8Array }[]>`
    SELECT key FROM customer_keys WHERE customer_id = ${subject}`;
  return rows[0]?.key;
}

async function addKey(database: Database, subject: string, key: Buffer): Promise<void> {
  await database.$executeRaw`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, decode(${key.toString('hex')}, 'hex'))
    ON CONFLICT DO NOTHING`;
}
