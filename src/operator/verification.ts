import type { Database } from '../database/database.ts';
import { isReadOnly, lacksRight } from '../database/database-error.ts';
import { sql } from '../database/sql.ts';

/** The result of a run of `orderstream verify`. */
export interface Verification {
  /** The last event that was verified. */
  readonly position: number;
  readonly faults: number;
}

/**
 * Stores the result of the last run in the place of the one before, so that every process can report it.
 * @returns false if the database takes no writes (a standby is verified, too), or not from this user
 */
export async function saveVerification(database: Database, { position, faults }: Verification): Promise<boolean> {
  try {
    await database.execute(sql`
      INSERT INTO verification (position, faults, verified_at)
      VALUES (
        ${position}::bigint,
        ${faults}::int,
        clock_timestamp()
      )
      ON CONFLICT (singleton) DO UPDATE SET
        position = excluded.position,
        faults = excluded.faults,
        verified_at = excluded.verified_at`);
    return true;
  } catch (error) {
    // A user who only reads may verify.
    if (isReadOnly(error) || lacksRight(error)) return false;
    throw error;
  }
}
