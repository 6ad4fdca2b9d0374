import { LRUCache } from 'lru-cache';
import { type Sql, sql } from '../database/sql.ts';
import type { ViewTable } from './view.ts';

/** Maximum size of all rows, with the responses cached beside them, bytes. */
const maxBytes = 80_000_000;
/** Maximum size of the ids of pages, bytes. */
const maxPageBytes = 8_000_000;
/** Size of an entry in addition to its text, bytes: its slot, key and mark. */
const entryOverheadBytes = 400;

/** A row object that is returned for as long as the row is unchanged, so that responses can be cached with it. */
export class UnchangedRow<Row extends object = object> {
  readonly row: Row;
  readonly joined = undefined;
  /** Its length as JSON, characters: a response that is cached with it may not be longer. */
  readonly characters: number;
  /** Responses that depend only on this row, the selection and the viewer. */
  answered: unknown;

  constructor(row: Row, characters: number) {
    this.row = row;
    this.characters = characters;
  }
}

/** A row as it was read, and its mark: the database compares the mark to see whether the row is unchanged. */
export interface CachedRow {
  readonly mark: string;
  readonly standing: UnchangedRow;
}

interface Kept extends CachedRow {
  readonly view: string;
}

/**
 * The rows that a process read last, so that unchanged rows need not be sent and parsed again. No response is made
 * from this cache alone: each statement that reads entities compares the marks (like HTTP's If-None-Match, with the
 * database as the origin).
 */
export class ReaderRowCache {
  /**
   * By id alone, which takes a third of the time. If two views fold one stream, the row that was read last is cached.
   */
  readonly #rows = new LRUCache<string, Kept>({ maxSize: maxBytes });
  readonly #pages = new LRUCache<string, readonly string[]>({ maxSize: maxPageBytes });

  of({ name }: ViewTable, id: string): CachedRow | undefined {
    const kept = this.#rows.get(id);
    return kept?.view === name ? kept : undefined;
  }

  keep({ name }: ViewTable, id: string, { mark, standing }: CachedRow): void {
    this.#rows.set(id, { view: name, mark, standing }, { size: bytesOf(standing) });
  }

  /** The ids of the rows that a page had when it was read last. The page may have other rows now. */
  idsOf(page: string): readonly string[] {
    return this.#pages.get(page) ?? [];
  }

  keepPage(page: string, ids: readonly string[]): void {
    const characters = ids.reduce((sum, id) => sum + id.length, page.length);
    this.#pages.set(page, ids, { size: 2 * characters + entryOverheadBytes });
  }
}

/** As objects, rows take about as many bytes as they have characters in JSON. */
function bytesOf({ characters }: UnchangedRow): number {
  return 2 * characters + entryOverheadBytes;
}

/**
 * Changes whenever any process changes the row: it contains the transaction that wrote the row. After a restore,
 * another transaction may have the same number; then the hash differs. One transaction may write two generations, so
 * the generation is part of it too.
 */
export function markOf(alias: string): Sql {
  return sql.raw(`(${alias}.xmin::text || '.' || ${alias}.generation || '.' || ${alias}.hash)`);
}
