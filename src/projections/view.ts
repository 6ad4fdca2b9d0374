import type { RecordedEvent } from '../event-store/recorded-event.ts';

/** Placeholder in a row for personal data whose key was erased. */
export const erased = '[erased]';

/**
 * The time of an event as rows show it: never earlier than the event before it in the stream, even if a clock was set
 * back.
 * @param updatedAt of the row before the event, if there is one
 * @returns RFC 3339
 */
export function timeOf({ occurredAt }: RecordedEvent, updatedAt: string | undefined): string {
  const before = updatedAt === undefined ? -Infinity : Date.parse(updatedAt);
  return (before > occurredAt.getTime() ? new Date(before) : occurredAt).toISOString();
}

/** PostgreSQL types that a view's columns may have. */
export type ColumnType = SumType | 'date' | 'text' | 'text[]' | 'integer' | 'boolean' | 'jsonb' | 'timestamptz';

/** PostgreSQL types of sums: `numeric` if a sum may exceed 2^63. */
export type SumType = 'bigint' | 'numeric';

/**
 * The table of a view: one row per stream. Its columns are the row's keys in snake_case, and `generation`. Values of
 * `bigint` columns are numbers here, up to 2^53. `timestamptz` columns are RFC 3339 strings with the offset and
 * precision that the database printed, so compare them as dates and not as text.
 */
export interface ViewTable {
  /** Name of the table and of the view. Permanent. */
  readonly name: string;
  /** The key of a row: the stream's id. */
  readonly key: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /**
   * The words that find a row, see wordsOf(). A mark (any sign) before a word keeps it apart from the other words.
   * The words are stored in the table's column `search`, a tsvector that is written with the row and never read with
   * it.
   */
  search?(row: object): readonly string[];
}

/** A view of any row type, for code that handles all views. */
export interface FoldedView extends ViewTable {
  /** Type of the streams that this view folds. */
  readonly streamType: string;
  /** The row after one more event; the same object if the event does not concern this view. */
  fold(row: object | undefined, event: RecordedEvent): object | undefined;
}

/** A read model: a pure fold over the events of a stream. */
export interface View<Row extends object> extends FoldedView {
  readonly key: keyof Row & string;
  readonly columns: { readonly [Column in keyof Row & string]-?: ColumnType };
  search?(row: Row): readonly string[];
  fold(row: Row | undefined, event: RecordedEvent): Row | undefined;
}

/**
 * A read model that is derived from another one, with other keys or fewer columns for other reads. Its row is derived
 * again whenever the source row changes.
 */
export interface DerivedView extends ViewTable {
  readonly source: FoldedView;
  derive(row: object): object;
}

/** Declares a derived view with its row types, which must match its columns. */
export function derivedView<Source extends object, Row extends object>(view: {
  readonly name: string;
  readonly key: keyof Row & string;
  readonly columns: { readonly [Column in keyof Row & string]-?: ColumnType };
  readonly source: View<Source>;
  derive(row: Source): Row;
}): DerivedView {
  return view;
}

/**
 * Declares the derived view in which subscribers find the changes of another view: the position of each row's last
 * change, by an index. An index by position on the view itself would make each update of a row write all of its
 * indexes.
 */
export function changeView<Row extends { readonly position: number }>(name: string, source: View<Row>): DerivedView {
  const { key } = source;
  return {
    name,
    key,
    columns: { [key]: 'text', position: 'bigint' },
    source,
    derive: (row: Row) => ({ [key]: row[key], position: row.position }),
  };
}

/**
 * A read model of sums over the rows of another view. The contribution of a row depends on that row alone, so the row
 * before a batch determines the amount to subtract: each row counts once, however often its stream is folded.
 */
export interface SummedView {
  /** Name of the table and of the view. Permanent. */
  readonly name: string;
  /** Columns by which it sums: the table's primary key, after `generation`. */
  readonly keys: Readonly<Record<string, ColumnType>>;
  readonly sums: Readonly<Record<string, SumType>>;
  readonly source: FoldedView;
  /** The contribution of one row: an amount for each of these keys. */
  contribute(row: object): readonly Contribution[];
}

/** A row of sums and the amounts to add: whole numbers. */
export type Contribution = Readonly<Record<string, string | number | bigint>>;

/** Declares a sum view with the type of its contributions, which must match its columns. */
export function summedView<Source extends object, Key extends string, Sum extends string>(view: {
  readonly name: string;
  readonly keys: { readonly [Column in Key]: ColumnType };
  readonly sums: { readonly [Column in Sum]: SumType };
  readonly source: View<Source>;
  contribute(
    row: Source,
  ): readonly ({ readonly [Column in NoInfer<Key>]: string } & { readonly [Column in NoInfer<Sum>]: number })[];
}): SummedView {
  return view;
}

/** Every view of one group. */
export interface Views {
  readonly folded: readonly FoldedView[];
  readonly derived: readonly DerivedView[];
  readonly summed: readonly SummedView[];
}

/** The names of all views, which are also the names of their tables. */
export function viewNames({ folded, derived, summed }: Views): string[] {
  return [...folded, ...derived, ...summed].map(({ name }) => name);
}
