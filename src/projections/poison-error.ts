import { sqlState } from '../database/database-error.ts';

/** An event that a view cannot fold: its stream is parked, other streams continue. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
  constructor(cause: unknown) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), { cause });
  }
}

/**
 * Whether an error is caused by the folded data, so that every retry would fail: the fold threw, or no table accepts
 * its row (a value out of range or missing, a row too large for an index).
 */
export function isPoison(error: unknown): boolean {
  return error instanceof PoisonError || /^(?:22|23502|54)/.test(sqlState(error) ?? '');
}
