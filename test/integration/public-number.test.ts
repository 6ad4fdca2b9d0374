import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { freshDatabase } from '../support/postgres.ts';

const scratch = await mkdtemp(join(tmpdir(), 'orderstream-number-'));
afterAll(() => rm(scratch, { recursive: true }));

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const points = 2 ** 40;

/**
 * The inverse function: it proves that no two points share a number. Written from the design, not from the SQL
 * function.
 */
function pointOf(number: string): number {
  let mixed = 0n;
  for (const digit of number.replace('-', '')) mixed = mixed * 32n + BigInt(digits.indexOf(digit));
  let [left, right] = [mixed >> 20n, mixed & 0xfffffn];
  for (let round = 6n; round >= 1n; round--) {
    [left, right] = [right ^ ((((left + 1n) * (668265263n + 2n * round)) >> 11n) & 0xfffffn), left];
  }
  return Number((left << 20n) | right);
}

describe.each([
  [
    'PostgreSQL',
    async () => {
      const real = await freshDatabase();
      return { open: await openDatabase({ databaseUrl: real.url, dataDir: '' }), drop: () => real.drop() };
    },
  ],
  [
    'the embedded database',
    async () => ({
      open: await openDatabase({ databaseUrl: undefined, dataDir: scratch }),
      drop: () => Promise.resolve(),
    }),
  ],
] as const)('a public number, on %s,', (_, openOne) => {
  let open: OpenDatabase;
  let drop: () => Promise<void>;
  let database: Database;
  beforeAll(async () => {
    ({ open, drop } = await openOne());
    ({ database } = open);
  });
  afterAll(async () => {
    await open.close();
    await drop();
  });

  async function numbersOf(asked: readonly number[]): Promise<string[]> {
    const rows = await database.query<{ number: string }>(sql`
      SELECT public_number(value::bigint) AS number
      FROM jsonb_array_elements_text(${JSON.stringify(asked)}::jsonb) WITH ORDINALITY ORDER BY ordinality`);
    return rows.map(({ number }) => number);
  }

  test('never changes for a point: existing numbers stay unique among later ones', async () => {
    const numbers = ['PCNE-E6BW', 'ZVYR-Z3FB', 'SWYQ-9SMR', 'P3B4-0QDZ', 'F21V-4X0F'];
    expect(await numbersOf([1, 2, 3, 1_000_000, points - 1])).toEqual(numbers);
  });

  test('has an inverse, so no two points share one', async () => {
    const some = fc.array(fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: points - 1 })));
    await fc.assert(
      fc.asyncProperty(some, async asked => {
        expect((await numbersOf(asked)).map(pointOf)).toEqual(asked);
      }),
      { numRuns: 50 },
    );
  });

  test('differs for each of the first 50,000 points, in a form that is easy to read aloud', async () => {
    const numbers = await numbersOf(Array.from({ length: 50_000 }, (__, n) => n + 1));
    expect(new Set(numbers).size).toBe(50_000);
    expect(numbers.filter(number => !/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/.test(number))).toEqual([]);
  });

  test('reveals nothing about the number of orders: neighbours have no more in common than any two', async () => {
    const numbers = await numbersOf(Array.from({ length: 2_000 }, (__, n) => n + 1));
    const rising = numbers.filter((number, n) => n > 0 && number > numbers[n - 1]!).length;
    expect(rising / 2_000).toBeGreaterThan(0.4);
    expect(rising / 2_000).toBeLessThan(0.6);
    // Of 8 digits, two random numbers share 8/32 on average.
    const shared = numbers
      .slice(1)
      .map((number, n) => [...number].filter((digit, at) => digit === numbers[n]![at]).length - 1);
    expect(shared.reduce((sum, count) => sum + count) / shared.length).toBeLessThan(0.5);
  });
});
