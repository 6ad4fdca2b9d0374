import type { ReadSource } from './read-entities.ts';

/** What a slice opens its reads with. */
export interface ReadSources {
  readonly source: ReadSource;
  /**
   * The same with a cache of rows, for queries only: subscribers share a frame by the identity of the row object that
   * the change made.
   */
  readonly cachedSource: ReadSource;
}
