import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { grantServing } from '../../src/event-store/serving-role.ts';
import { type DerivedView, type FoldedView, type SummedView, viewNames } from '../../src/projections/view.ts';
import { snakeCase, wholeColumns } from '../../src/projections/view-sql.ts';
import { liveViews, views } from '../../src/slices.ts';
import { onDatabase } from '../support/on-database.ts';
import { useDatabase } from '../support/use-database.ts';

type AnyView = FoldedView | DerivedView | SummedView;

const listed: readonly AnyView[] = [...views.folded, ...views.derived, ...views.summed];

const columnsOf = (view: AnyView): Readonly<Record<string, string>> =>
  'sums' in view ? { ...view.keys, ...view.sums } : wholeColumns(view);

const keysOf = (view: AnyView): readonly string[] => ('sums' in view ? Object.keys(view.keys) : [view.key]);

function isView(value: unknown): value is AnyView {
  return typeof value === 'object' && value !== null && 'name' in value && ('columns' in value || 'sums' in value);
}

const folders = await readdir('src');
const sliceFolders = folders.filter(folder => existsSync(`src/${folder}/slice.ts`));

async function declaredBySlices(): Promise<unknown[]> {
  const declared: unknown[] = [];
  for (const slice of sliceFolders) {
    for (const file of await readdir(`src/${slice}/views`)) {
      declared.push(...Object.values((await import(`../../src/${slice}/views/${file}`)) as Record<string, unknown>));
    }
  }
  return declared;
}

const database = useDatabase();

test('every view that a slice declares is in the list', async () => {
  const declared = (await declaredBySlices()).filter(isView).map(view => view.name);
  expect(declared.length).toBeGreaterThan(5);
  expect(listed.map(view => view.name).toSorted()).toEqual(declared.toSorted());
});

test('every live view that a slice declares is in the list, and the tables of its lists have an index by position', async () => {
  const declared = (await declaredBySlices()).filter(
    one => typeof one === 'object' && one !== null && 'rows' in one && isView(one.rows),
  );
  expect(new Set(liveViews)).toEqual(new Set(declared));
  const { rows } = await onDatabase(database.url, client =>
    client.query<{ columns: string }>(
      `SELECT c.relname || ' ' || string_agg(a.attname, ' ' ORDER BY k.place) AS columns
       FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       CROSS JOIN unnest(i.indkey) WITH ORDINALITY k(number, place)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
       GROUP BY c.relname, i.indexrelid`,
    ),
  );
  const indexes = rows.map(({ columns }) => columns);
  for (const { all, scoped } of liveViews) {
    if (all) expect(indexes).toContain(`${all.name} generation position`);
    if (scoped) expect(indexes).toContain(`${scoped.table.name} generation ${snakeCase(scoped.column)} position`);
  }
});

test.each(listed.map(view => [view.name, view] as const))(
  '%s has a table with its columns and no others, by its key and a generation',
  async (name, view) => {
    const { rows } = await onDatabase(database.url, client =>
      client.query<{ column: string; type: string; key: boolean }>(
        `SELECT a.attname AS column, format_type(a.atttypid, NULL) AS type, a.attnum = ANY (i.indkey) AS key
         FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
         WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
        [name],
      ),
    );
    const types = { timestamptz: 'timestamp with time zone' } as Readonly<Record<string, string>>;
    const expected = Object.entries(columnsOf(view)).map(([column, type]) => [snakeCase(column), types[type] ?? type]);
    const found = rows.map(({ column, type }) => [column, type]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries([...expected, ['generation', 'integer']]));
    const keys = rows.filter(row => row.key).map(row => row.column);
    expect(keys.toSorted()).toEqual(['generation', ...keysOf(view).map(snakeCase)].toSorted());
  },
);

test('the serving role may write every view', async () => {
  const role = `orderstream_views_${process.pid}`;
  await onDatabase(database.url, client => client.query(`CREATE ROLE ${role} LOGIN`));
  try {
    const serving = Object.assign(new URL(database.url), { username: role }).href;
    await grantServing(database.url, serving, viewNames(views));
    for (const { name } of listed) {
      const { rows } = await onDatabase(database.url, client =>
        client.query(
          `SELECT has_table_privilege($1, $2, 'INSERT, UPDATE') AND has_table_privilege($1, $2, 'DELETE') AS may`,
          [role, name],
        ),
      );
      expect([name, rows]).toEqual([name, [{ may: true }]]);
    }
  } finally {
    await onDatabase(database.url, client => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
  }
});

test('the page on adding a view names existing files, functions and tests', async () => {
  const page = await readFile('docs/adding-a-view.md', 'utf8');
  for (const [, path] of page.matchAll(/`((?:src|test|prisma)\/[\w./-]+\.ts)`/g)) {
    await expect(readFile(path!, 'utf8'), path).resolves.toBeTypeOf('string');
  }
  const code = await Promise.all(
    ['view.ts', 'read-entities.ts', 'read-page.ts', 'read-report.ts', 'search-words.ts'].map(file => {
      return readFile(`src/projections/${file}`, 'utf8');
    }),
  );
  for (const name of ['derivedView', 'summedView', 'changeView', 'readEntities', 'readPage', 'readReport', 'wordsOf']) {
    expect(page).toContain(name);
    expect(code.join('\n')).toMatch(new RegExp(`export (?:async )?function ${name}\\b`));
  }
});
