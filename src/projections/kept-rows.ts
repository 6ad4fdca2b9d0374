import { LRUCache } from 'lru-cache';
import type { Position } from '../event-store/position.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Loaded } from './load-rows.ts';

/** Rows kept at most, and what stands in their lists, all together: an order's line takes some 350 bytes. */
const keptWeight = 100_000;

/**
 * The folded rows of the streams that a projector has written last, so that what changes again is not read back. Rows
 * change, and streams are parked and freed, only by whoever moves the checkpoint in the same statement. So these are the
 * database's for as long as it stands where this projector has moved it to, and all forgotten once it stands elsewhere.
 */
export class KeptRows {
  /** By stream, then by the view's place among the folded ones. */
  readonly #rows = new LRUCache<string, readonly (object | undefined)[]>({
    maxSize: keptWeight,
    sizeCalculation: rows => rows.reduce<number>((sum, row) => sum + weightOf(row), 1),
  });
  #at: Checkpoint | undefined;

  /** A stream's rows as they are in the database at a checkpoint; undefined where that has to be looked up. */
  at(from: Checkpoint, streamId: string): readonly (object | undefined)[] | undefined {
    if (!this.#at || !isSame(this.#at, from)) this.#rows.clear();
    this.#at = from;
    return this.#rows.get(streamId);
  }

  /** That the checkpoint moved, and what streams have since. @param rows by the view's place, then by id */
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
  return one.generation === other.generation && isSamePosition(one.position, other.position);
}

function isSamePosition(one: Position, other: Position): boolean {
  return one.point === other.point && one.hash === other.hash;
}

function weightOf(row: object | undefined): number {
  if (!row) return 0;
  return Object.values(row).reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 0), 1);
}
