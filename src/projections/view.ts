import type { RecordedEvent } from '../event-store/recorded-event.ts';

/** What stands in a row where personal data can't be opened any more. */
export const erased = '[erased]';

/**
 * When an event happened, as its stream's rows show it: never before the event before it, also if a clock was set back.
 * @param updatedAt of the row before the event, if there is one
 * @returns RFC 3339
 */
export function timeOf({ occurredAt }: RecordedEvent, updatedAt: string | undefined): string {
  const before = updatedAt === undefined ? -Infinity : Date.parse(updatedAt);
  return (before > occurredAt.getTime() ? new Date(before) : occurredAt).toISOString();
}

/** PostgreSQL types that a view's columns may have. */
export type ColumnType = SumType | 'date' | 'text' | 'text[]' | 'integer' | 'boolean' | 'jsonb' | 'timestamptz';

/** PostgreSQL types that can be added up: `numeric` where sums may pass 2^63. */
export type SumType = 'bigint' | 'numeric';

/**
 * Where a view's rows stand: one a stream. The table's columns are the row's keys in snake_case, and `generation`
 * beside them. `bigint` columns are numbers up to 2^53 here; `timestamptz` are RFC 3339 strings in whatever offset and
 * precision the database printed, so compare them as dates, never as text.
 */
export interface ViewTable {
  /** The table's name, and the view's: permanent. */
  readonly name: string;
  /** The row's key: holds the stream's id. */
  readonly key: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /**
   * The words that a row is found by, see wordsOf(); a mark before a word (any sign) keeps it apart from the others.
   * They stand in the table's column `search`, a tsvector that is written with the row and never read with it.
   */
  search?(row: object): readonly string[];
}

/** A view of whatever row, as the machinery that moves rows about sees it. */
export interface FoldedView extends ViewTable {
  /** Type of the streams that this view folds. */
  readonly streamType: string;
  /** The row after one more event; the row itself where the event says nothing to this view. */
  fold(row: object | undefined, event: RecordedEvent): object | undefined;
}

/** A read model: a pure fold over the events of a stream. */
export interface View<Row extends object> extends FoldedView {
  readonly key: keyof Row & string;
  readonly columns: { readonly [Column in keyof Row & string]-?: ColumnType };
  search?(row: Row): readonly string[];
  fold(row: Row | undefined, event: RecordedEvent): Row | undefined;
}

/** A read model that says no more than another one, keyed or cut for other reads: made anew whenever that row changes. */
export interface DerivedView extends ViewTable {
  readonly source: FoldedView;
  derive(row: object): object;
}

/** Declares a derived view with its row types, which must be those of its columns. */
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
 * A read model of sums over another view's rows. What a row gives is a function of that row alone, so the row as it
 * was before a batch says what to take back: however often a stream is folded again, it counts once.
 */
export interface SummedView {
  /** The table's name, and the view's: permanent. */
  readonly name: string;
  /** What is summed by: the table's primary key, after `generation`. */
  readonly keys: Readonly<Record<string, ColumnType>>;
  readonly sums: Readonly<Record<string, SumType>>;
  readonly source: FoldedView;
  /** What one row gives: to each of these keys that much. */
  contribute(row: object): readonly Contribution[];
}

/** The row of a sum that something is added to, and how much: whole numbers. */
export type Contribution = Readonly<Record<string, string | number | bigint>>;

/** Declares a view of sums with the type of what a row gives, which must be that of its columns. */
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
