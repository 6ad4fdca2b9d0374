import { LRUCache } from 'lru-cache';
import { samePosition } from '../event-store/position.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Loaded } from './read-rows-to-fold.ts';

/** Maximum number of rows and of entries in their lists, together. An entry takes about 350 bytes. */
const maxWeight = 100_000;

/**
 * The folded rows of the streams that a projector wrote last, so that they need not be read back. Rows change, and
 * streams are parked and retried, only in a statement that also moves the checkpoint. So these rows equal those in
 * the database while the checkpoint is where this projector moved it. If it is elsewhere, all rows are dropped.
 */
export class ProjectorRowCache {
  /** By stream, then by the index of the folded view. */
  readonly #rows = new LRUCache<string, readonly (object | undefined)[]>({
    maxSize: maxWeight,
    sizeCalculation: rows => rows.reduce<number>((sum, row) => sum + weightOf(row), 1),
  });
  #at: Checkpoint | undefined;

  /** The stored rows of a stream at a checkpoint; undefined if they must be read. */
  at(from: Checkpoint, streamId: string): readonly (object | undefined)[] | undefined {
    if (!this.#at || !isSame(this.#at, from)) this.#rows.clear();
    this.#at = from;
    return this.#rows.get(streamId);
  }

  /** Records that the checkpoint moved, and the new rows. @param rows by the index of the view, then by id */
  moved(to: Checkpoint, streamIds: Iterable<string>, rows: Loaded['rows']): void {
    this.#at = to;
    for (const id of streamIds) {
      this.#rows.set(
        id,
        rows.map(one => one.get(id)),
      );
    }
  }
}

function isSame(one: Checkpoint, other: Checkpoint): boolean {
  return one.generation === other.generation && samePosition(one.position, other.position);
}

function weightOf(row: object | undefined): number {
  if (!row) return 0;
  return Object.values(row).reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 0), 1);
}
