import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import {
  expectedProducts,
  factsOf,
  headAt,
  importKilledHalfWay,
  ordersAt,
  productsAt,
  salesAt,
  salesOf,
  serving,
  shown,
} from '../support/imported.ts';
import { isNorthwind, type OrderLines, orderLinesIn } from '../support/order-lines.ts';
import { freshDatabase } from '../support/postgres.ts';
import { useDatabase } from '../support/use-database.ts';

let folder: string;
let file: OrderLines;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderstream-import-'));
  file = orderLinesIn(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a file's orders are stored, each line at its price, each step on its day; a second run adds nothing", async () => {
  const database = await freshDatabase();
  try {
    const env = { DATABASE_URL: database.url };
    const first = await runCli('import', [file.path], env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(factsOf(file));
    const stored = await serving(env, async url => {
      expect(await productsAt(url, await headAt(url))).toEqual(expectedProducts(file));
      return ordersAt(url);
    });
    expect(stored.map(shown)).toEqual(file.orders);
    expect(await serving(env, async url => salesAt(url, await headAt(url)))).toEqual(salesOf(file));

    const second = await runCli('import', [file.path], env);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain(factsOf(file));
    expect(second.stdout).toMatch(/^commands: 0 new, [\d,]+ stored before$/m);
    // Including versions and positions.
    expect(await serving(env, ordersAt)).toEqual(stored);
  } finally {
    await database.drop();
  }
});

test('an import that is killed half-way is continued by the next one, with the result of an uninterrupted import', async () => {
  const database = await freshDatabase();
  try {
    const env = { DATABASE_URL: database.url };
    await importKilledHalfWay(file, env);
    expect((await serving(env, ordersAt)).map(shown)).toEqual(file.orders);
  } finally {
    await database.drop();
  }
});

// If the file is missing, no test is skipped: a generated file of the same format replaces it above, and the run
// reports that.
if (isNorthwind) {
  test('the Northwind file has 830 orders, 51,317 units, 1,265,786.27 USD', () => {
    expect(factsOf(file)).toBe('830 orders, 51,317 units, 1,265,786.27 USD');
    const sold = { orders: 830, units: 51_317, cents: 126_578_627 };
    expect(salesOf(file)).toEqual({ byDay: sold, byCustomer: { orders: 830, cents: sold.cents } });
  });
}

describe('a file with bad lines', () => {
  const header =
    'order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier';
  const good = [
    'G1,ANN,Ann Ash,TEA,Tea,2,1.50,EUR,2020-01-01,2020-01-02,DHL',
    'G2,BEN,Ben Birch,TEA,Tea,1,1.60,EUR,2020-01-03,,',
  ];
  const bad = [
    'B1,ANN,Ann Ash,TEA,Tea,2,1.50,EUR,2020-01-01,,',
    'B1,ANN,Ann Ash,CUP,Cup,two,4.00,EUR,2020-01-01,,',
    'B2,BEN,Ben Birch,CUP,Cup,1,4.00,EUR,2020-01-01,,',
    'B2,BEN,Ben Birch,TEA,Tea,10001,1.50,EUR,2020-01-01,,',
  ];
  const mended = bad.map(row => row.replace('two', '2').replace('10001', '1000'));

  const database = useDatabase();
  let env: Environment;
  beforeAll(async () => {
    env = { DATABASE_URL: database.url };
  });

  async function importRows(...rows: readonly string[]) {
    const path = join(folder, 'rows.csv');
    await writeFile(path, [header, ...rows, ''].join('\n'));
    return runCli('import', [path], env);
  }

  test('has its bad lines reported by row and column, their whole orders skipped, and all others stored', async () => {
    const { code, stdout, stderr } = await importRows(good[0]!, ...bad, good[1]!);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').sort()).toEqual([
      'row 4, column quantity: It must be a whole number, like 12; order B1 is left out',
      'row 6, column quantity: A line has 1 to 10000 units: choose another quantity; order B2 is left out',
    ]);
    expect(stdout).toContain('2 orders, 3 units, 4.60 EUR\nleft out: 2 orders, because of 2 problems\n');
    const references = await serving(env, async url => (await ordersAt(url)).map(({ reference }) => reference));
    expect(references).toEqual(['G1', 'G2']);
  });

  test('adds what was missing after it is corrected, and nothing twice', async () => {
    const { code, stdout, stderr } = await importRows(good[0]!, ...mended, good[1]!);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('4 orders, 1,008 units, 1,519.60 EUR\n');
    const stored = await serving(env, ordersAt);
    expect(stored.map(({ reference, itemCount }) => [reference, itemCount])).toEqual([
      ['B1', 4],
      ['B2', 1001],
      ['G1', 2],
      ['G2', 1],
    ]);
  });

  test('may later add the shipment of an order that was stored without one', async () => {
    const { code } = await importRows(good[1]!.replace(/,,$/, ',2020-01-09,UPS'));
    expect(code).toBe(0);
    const stored = await serving(env, ordersAt);
    expect(stored.find(({ reference }) => reference === 'G2')).toMatchObject({
      status: 'SHIPPED',
      shippedAt: '2020-01-09T00:00:00.000Z',
      shipment: { carrier: 'UPS' },
    });
  });

  test('changes no stored order: rows that differ from it are reported', async () => {
    const { code, stdout, stderr } = await importRows(good[0]!.replace(',2,', ',3,'), mended[0]!, good[1]!, mended[1]!);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^row 2, column order_reference: It is stored with other content.+; order G1 is left out\n$/,
    );
    // The orders of the file that are stored: not G1, whose rows differ from the stored order.
    expect(stdout).toContain('2 orders, 5 units, ');
    const stored = await serving(env, ordersAt);
    expect(stored.find(({ reference }) => reference === 'G1')).toMatchObject({ itemCount: 2 });
  });

  const split = [
    'SPLIT,ANN,Ann Ash,TEA,Tea,2,1.50,EUR,2020-01-01,,',
    'OTHER,BEN,Ben Birch,TEA,Tea,1,1.60,EUR,2020-01-03,,',
    'SPLIT,ANN,Ann Ash,CUP,Cup,5,4.00,EUR,2020-01-01,,',
  ] as const;

  test('has an order whose rows are not adjacent stored with all of them, or not at all', async () => {
    const bad = await importRows(...split.map(row => row.replace(',5,', ',five,')));
    expect(bad.code).toBe(1);
    expect(bad.stderr).toBe('row 4, column quantity: It must be a whole number, like 12; order SPLIT is left out\n');
    expect(bad.stdout).toContain('1 order, 1 unit, 1.60 EUR\nleft out: 1 order, because of 1 problem\n');
    const { code, stdout, stderr } = await importRows(...split);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 orders, 8 units, 24.60 EUR\n');
    const stored = await serving(env, ordersAt);
    expect(stored.find(({ reference }) => reference === 'SPLIT')).toMatchObject({ itemCount: 7 });
  });

  test('whose order an earlier release stored in part gets a line that says what to do, and that instruction works', async () => {
    const rows = split.map(row => row.replace('SPLIT', 'HALF'));
    await importRows(rows[0]!);
    const { code, stdout, stderr } = await importRows(...rows);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^row 2, column order_reference: It is stored with other content, by an earlier import, as ord_\S+, and a stored order does not change: compare them, and import the missing rows under another order_reference, or cancel that order and import all its rows under another one; order HALF is left out\n$/,
    );
    expect(stdout).toContain('1 order, 1 unit, 1.60 EUR\nleft out: 1 order, because of 1 problem\n');
    const rest = await importRows(rows[2]!.replace('HALF', 'HALF-2'));
    expect(rest).toMatchObject({ code: 0, stderr: '' });
    expect(rest.stdout).toContain('1 order, 5 units, 20.00 EUR\n');
  });

  test('that has two names for one customer has both rows reported, and keeps the first name', async () => {
    const { code, stdout, stderr } = await importRows(
      'N1,CEM,Cem,TEA,Tea,1,1.50,EUR,2020-01-01,,',
      'N2,CEM,Cem Cedar,TEA,Tea,1,1.50,EUR,2020-01-01,,',
    );
    expect(code).toBe(1);
    expect(stderr).toBe(
      'row 3, column customer_name: It differs from row 2, which has the same customer_reference; the customer keeps the name of that row\n',
    );
    expect(stdout).toContain('2 orders, 2 units, 3.00 EUR\n');
    const stored = await serving(env, ordersAt);
    expect(stored.find(({ reference }) => reference === 'N2')).toMatchObject({ customer: { name: 'Cem' } });
  });

  test('may be read from a pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const importing = runCli('import', [path], env);
    await writeFile(path, [header, ...good, ''].join('\n'));
    const { code, stdout, stderr } = await importing;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: '' });
    expect(stdout).toContain('2 orders, 3 units, 4.60 EUR\n');
  });
});

test.each<[string, readonly string[], Environment, RegExp]>([
  ['no file', [], {}, /^Name a file: npm run import -- FILE/],
  ['two files', ['a.csv', 'b.csv'], {}, /^Only one file at a time: npm run import -- FILE/],
  ['an unknown option', ['--fast'], {}, /^Unknown option '--fast'.+npm run import -- FILE/],
  ['a missing file', ['missing.csv'], {}, /^missing\.csv can't be read \(ENOENT\): name a CSV file$/],
  ['a folder', ['src'], {}, /^src is a folder: name a CSV file in it$/],
  ['a file of something else', ['package.json'], {}, /^The file has no order lines: its first line must be order_ref/],
  [
    'a database that is not there',
    ['FILE'],
    { DATABASE_URL: 'postgresql://postgres@127.0.0.1:1/none' },
    /^DATABASE_URL: no PostgreSQL server answers at 127\.0\.0\.1:1 .+: start it, or set the right address$/,
  ],
  ['the embedded database in production', ['FILE'], { NODE_ENV: 'production' }, /^DATABASE_URL: set it: the embedded/],
])('a mistake of the operator is one line that says what to do: %s', async (_, args, env, line) => {
  const given = args.map(arg => (arg === 'FILE' ? file.path : arg));
  const { code, stdout, stderr } = await runCli('import', given, { DATA_DIR: join(folder, 'untouched'), ...env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr.trimEnd()).toMatch(line);
});
