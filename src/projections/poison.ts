import { sqlState } from '../database-error.ts';

/** An event that a view can't fold: its stream is parked, the others go on. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
  constructor(cause: unknown) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), { cause });
  }
}

/**
 * Whether an error is about what was folded, and would be there again however often it is tried: the fold threw, or no
 * table takes its row (a value out of range or missing, a row too large for an index).
 */
export function isPoison(error: unknown): boolean {
  return error instanceof PoisonError || /^(?:22|23502|54)/.test(sqlState(error) ?? '');
}
