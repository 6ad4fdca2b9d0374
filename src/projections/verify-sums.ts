import { type Query, sql } from '../database/sql.ts';
import type { ReadSource } from './read-entities.ts';
import { keyOf, Sums } from './sums.ts';
import { oneLine, type ViewFault } from './verify-fault.ts';
import { column, coreGroup, rowJson, snakeCase, table } from './view-sql.ts';
import type { Contribution, SummedView } from './view.ts';

/** Number of source rows that one statement reads. */
const sliceSize = 1_000;
/** Maximum duration of the snapshot's transaction, ms: enough for ten million rows. */
const snapshotTimeoutMs = 3_600_000;

/**
 * Compares a view's sums with the contributions of its source view's rows, both from one snapshot, so it is exact
 * while the projector runs. Its memory grows with the number of sums, not with the number of rows.
 */
export async function verifySums(
  { database }: ReadSource,
  view: SummedView,
): Promise<{ rows: number; faults: ViewFault[] }> {
  return database.snapshot(async query => {
    const { rows: expected, faults } = await addedUp(query, view);
    const sums = await storedSums(query, view);
    const differing = [...new Set([...sums.keys(), ...expected.keys()])].sort().flatMap(key => {
      return compare(view, key, sums.get(key), expected.get(key));
    });
    return { rows: sums.size, faults: [...faults, ...differing] };
  }, snapshotTimeoutMs);
}

/** Sums are whole numbers. A stored sum that is not a whole number (NaN) stays the text that the database returned. */
type Row = Record<string, string | bigint>;

/** The sums of the source view's rows, and a fault for each row that cannot be added. */
async function addedUp(query: Query, view: SummedView): Promise<{ rows: Map<string, Row>; faults: ViewFault[] }> {
  const { source } = view;
  const sums = new Sums(view);
  const faults: ViewFault[] = [];
  const id = column('v', source.key);
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows: { id: string; row: object }[] = await query(sql`
      SELECT ${id} AS id, ${rowJson(source, 'v')} AS row
      FROM checkpoints c JOIN ${table(source)} v ON v.generation = c.generation AND ${id} > ${after}
      WHERE c.group_name = ${coreGroup} AND c.live ORDER BY ${id} LIMIT ${sliceSize}::int`);
    for (const { id: of, row } of rows) {
      try {
        sums.add(row);
      } catch (error) {
        faults.push({
          view: view.name,
          id: of,
          fault: `its row in ${source.name} can't be added up: ${oneLine(error)}`,
        });
      }
    }
    after = rows.at(-1)?.id;
  }
  return { rows: sums.rows(), faults };
}

/** The sums that are not zero: a zero means the same as a missing row. */
async function storedSums(query: Query, view: SummedView): Promise<Map<string, Row>> {
  const names = [...Object.keys(view.keys), ...Object.keys(view.sums)];
  const texts = sql.raw(names.map(name => `'${name}', s.${snakeCase(name)}::text`).join(', '));
  const some = sql.raw(
    Object.keys(view.sums)
      .map(name => `s.${snakeCase(name)} <> 0`)
      .join(' OR '),
  );
  const rows = await query<{ sum: Contribution }>(sql`
    SELECT jsonb_build_object(${texts}) AS sum
    FROM checkpoints c JOIN ${sql.raw(view.name)} s ON s.generation = c.generation
    WHERE c.group_name = ${coreGroup} AND c.live AND (${some})`);
  const sums = Object.keys(view.sums);
  return new Map(
    rows.map(({ sum }) => [
      keyOf(view, sum),
      Object.fromEntries(
        names.map(name => [name, sums.includes(name) ? wholeNumber(String(sum[name])) : String(sum[name])]),
      ),
    ]),
  );
}

function wholeNumber(text: string): bigint | string {
  return /^-?\d+$/.test(text) ? BigInt(text) : text;
}

function compare(view: SummedView, key: string, is: Row | undefined, shouldBe: Row | undefined): ViewFault[] {
  return Object.keys(view.sums).flatMap(name => {
    const [stored, expected] = [is?.[name] ?? 0n, shouldBe?.[name] ?? 0n];
    if (stored === expected) return [];
    return [{ view: view.name, id: key, fault: `${name} is ${String(stored)}, should be ${String(expected)}` }];
  });
}
