/** The given position does not belong to this log: the database was restored, or the position is invented. */
export class StalePositionError extends Error {
  override readonly name = 'StalePositionError';
}
