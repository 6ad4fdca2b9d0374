/** The position given is not of this log: the database was restored, or the position is made up. */
export class StalePositionError extends Error {
  override readonly name = 'StalePositionError';
}
