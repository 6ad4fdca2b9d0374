import { type Sql, sql } from '../database/sql.ts';
import { snakeCase } from './view-sql.ts';
import type { Contribution, SummedView } from './view.ts';

/** Sums by their keys, exact at any size. */
export class Sums {
  readonly #view: SummedView;
  readonly #rows = new Map<string, Record<string, string | bigint>>();

  constructor(view: SummedView) {
    this.#view = view;
  }

  /** @param row of the source view; undefined contributes nothing */
  add(row: object | undefined): void {
    this.#change(row, 1n);
  }

  takeBack(row: object | undefined): void {
    this.#change(row, -1n);
  }

  /** The sums that are not zero, by their keys. */
  rows(): Map<string, Record<string, string | bigint>> {
    const names = Object.keys(this.#view.sums);
    return new Map([...this.#rows].filter(([, row]) => names.some(name => row[name] !== 0n)));
  }

  #change(row: object | undefined, sign: bigint): void {
    const names = Object.keys(this.#view.sums);
    // All contributions of a row or none: all its numbers are parsed before the first one is added.
    const contributions = (row ? this.#view.contribute(row) : []).map(contribution => {
      return [contribution, names.map(name => BigInt(contribution[name] ?? 0))] as const;
    });
    for (const [contribution, numbers] of contributions) {
      const key = keyOf(this.#view, contribution);
      const sum = this.#rows.get(key) ?? keysOf(this.#view, contribution);
      names.forEach((name, index) => {
        sum[name] = BigInt(sum[name] ?? 0) + sign * (numbers[index] ?? 0n);
      });
      this.#rows.set(key, sum);
    }
  }
}

/** The values of the row's keys, as one text. */
export function keyOf(view: SummedView, row: Contribution): string {
  return Object.keys(view.keys)
    .map(name => String(row[name]))
    .join(' ');
}

function keysOf(view: SummedView, row: Contribution): Record<string, string | bigint> {
  return Object.fromEntries(Object.keys(view.keys).map(name => [name, String(row[name])]));
}

/**
 * The amounts that a batch adds to the sums: the contributions of its changed rows after the batch, minus those
 * before it.
 * @param before rows of the source view by id, before the batch
 * @param gone ids of rows that exist no longer
 */
export function sumChanges(
  view: SummedView,
  before: ReadonlyMap<string, object>,
  after: readonly object[],
  gone: readonly string[] = [],
): readonly object[] {
  const sums = new Sums(view);
  for (const row of after) {
    sums.add(row);
    sums.takeBack(before.get(String((row as Record<string, unknown>)[view.source.key])));
  }
  for (const id of gone) sums.takeBack(before.get(id));
  return [...sums.rows().values()];
}

/**
 * The part of a statement that adds to a view's sums. It does nothing unless `moved` shows that the checkpoint moved.
 */
export function addToSums(view: SummedView, generation: number, changes: readonly object[]): Sql {
  const columns = Object.entries({ ...view.keys, ...view.sums });
  const names = (rows: readonly string[]) => sql.raw(rows.join(', '));
  const keys = Object.keys(view.keys).map(snakeCase);
  const added = Object.keys(view.sums)
    .map(snakeCase)
    .map(name => `${name} = ${view.name}.${name} + excluded.${name}`);
  // As text, because numbers in JSON are exact only up to 2^53.
  const json = JSON.stringify(changes, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return sql`
    INSERT INTO ${sql.raw(view.name)} (generation, ${names(columns.map(([name]) => snakeCase(name)))})
    SELECT ${generation}::int, ${names(columns.map(([name]) => `r."${name}"`))}
    FROM jsonb_to_recordset(${json}::jsonb) AS r(${names(columns.map(([name, type]) => `"${name}" ${type}`))})
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (generation, ${names(keys)}) DO UPDATE SET ${names(added)}`;
}
