import { LRUCache } from 'lru-cache';
import type { ViewTable } from './view.ts';

/** Bytes that all rows may take, together with what was answered of them. */
const keptBytes = 80_000_000;
/** That a row takes beside its text: its place, its key, its mark. */
const bytesARow = 400;

/** A row that is handed out again for as long as it stands: what was answered of it may be kept with it. */
export class Standing<Row extends object = object> {
  readonly row: Row;
  readonly joined = undefined;
  /** Its length as JSON, characters: what is kept with it is no longer. */
  readonly characters: number;
  /** By whoever answers: what rests on this row, the question and who asks, and on nothing else. */
  answered: unknown;

  constructor(row: Row, characters: number) {
    this.row = row;
    this.characters = characters;
  }
}

/** A row as it was read, and the mark by which the database says whether it still stands. */
export interface SeenRow {
  readonly mark: string;
  readonly standing: Standing;
}

interface Kept extends SeenRow {
  readonly view: string;
}

/**
 * The rows that a process read last, so that those which still stand as they were need not be sent and parsed again.
 * Nothing is answered from here alone: each statement that reads entities says of each row whether its mark is still
 * the same (HTTP's If-None-Match, with the database as the origin).
 */
export class SeenRows {
  /** By id alone, which takes a third of the time: of two views of one stream, the one that was read last is kept. */
  readonly #rows = new LRUCache<string, Kept>({ maxSize: keptBytes });

  of({ name }: ViewTable, id: string): SeenRow | undefined {
    const kept = this.#rows.get(id);
    return kept?.view === name ? kept : undefined;
  }

  keep({ name }: ViewTable, id: string, { mark, standing }: SeenRow): void {
    this.#rows.set(id, { view: name, mark, standing }, { size: bytesOf(standing) });
  }
}

/** As objects, rows take about as many bytes as they have characters in JSON. */
function bytesOf({ characters }: Standing): number {
  return 2 * characters + bytesARow;
}
