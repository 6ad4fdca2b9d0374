import { type Sql, sql } from '../database/sql.ts';
import { searchVector } from './search-words.ts';
import type { ViewTable } from './view.ts';

/**
 * The group whose views share one transaction and one checkpoint, so that a position has the same meaning in all of
 * them.
 */
export const coreGroup = 'core';

/** The live checkpoint, one row. The parts of a statement below name it `c`. */
export const liveCheckpoint = sql`
  SELECT generation, position, hash FROM checkpoints WHERE group_name = ${coreGroup} AND live`;

/** The position of the checkpoint `c`. */
export const checkpointPosition = sql`jsonb_build_object('point', c.position, 'hash', c.hash)`;

/**
 * The first row of a statement that has at least one row for the live checkpoint.
 * @throws Error if it has none: there is no such checkpoint
 */
export function firstOf<Row>([first]: readonly Row[]): Row {
  if (first === undefined) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return first;
}

/** A view's column, with the alias of its table in the statement. Names come from the code, never from a caller. */
export function column(alias: string, name: string): Sql {
  return sql.raw(`${alias}.${snakeCase(name)}`);
}

/** A view's row as a JSON object of the view's row type. `alias` is the alias of its table. */
export function rowJson(view: ViewTable, alias: string): Sql {
  return sql.raw(`jsonb_build_object(${pairs(view, alias)})`);
}

/** The same as text, for statements that only return it: that takes the database two thirds of the time. */
export function rowText(view: ViewTable, alias: string): Sql {
  return sql.raw(`json_build_object(${pairs(view, alias)})`);
}

function pairs(view: ViewTable, alias: string): string {
  return Object.keys(view.columns)
    .map(name => `'${name}', ${alias}.${snakeCase(name)}`)
    .join(', ');
}

export function table(view: ViewTable): Sql {
  return sql.raw(view.name);
}

/**
 * Texts as one array parameter. The planner sees the values and estimates by them how many rows match. It cannot see
 * the values of a sub-select, and may choose a plan that reads the whole table for a few rows.
 */
export function textArray(values: readonly string[]): Sql {
  const quoted = values.map(value => `"${value.replace(/["\\]/g, '\\$&')}"`);
  return sql`${`{${quoted.join(',')}}`}::text[]`;
}

/** A view's row with its search words, which only `verify` reads. */
export function wholeRowJson(view: ViewTable, alias: string): Sql {
  if (!view.search) return rowJson(view, alias);
  return sql`${rowJson(view, alias)} || ${sql.raw(`jsonb_build_object('search', ${alias}.search)`)}`;
}

/** All columns that are written for a row, the search words included. */
export function wholeColumns(view: ViewTable): Readonly<Record<string, string>> {
  return view.search ? { ...view.columns, search: 'tsvector' } : view.columns;
}

/** A row with all columns that are written for it. */
export function wholeRow(view: ViewTable, row: object): object {
  return view.search ? { ...row, search: searchVector(view.search(row)) } : row;
}

/**
 * The part of a statement that writes a view's rows. It does nothing unless `moved` shows that the checkpoint moved.
 */
export function upsertRows(view: ViewTable, generation: number, rows: readonly object[]): Sql {
  const whole = wholeColumns(view);
  const names = Object.keys(whole);
  const columns = names.map(snakeCase);
  const types = names.map(name => `"${name}" ${whole[name]}`);
  const changed = columns.map(name => `${name} = excluded.${name}`);
  const json = JSON.stringify(rows.map(row => wholeRow(view, row)));
  return sql`
    INSERT INTO ${sql.raw(view.name)} (generation, ${sql.raw(columns.join(', '))})
    SELECT ${generation}::int, ${sql.raw(names.map(name => `r."${name}"`).join(', '))}
    FROM jsonb_to_recordset(${json}::jsonb) AS r(${sql.raw(types.join(', '))})
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (generation, ${sql.raw(snakeCase(view.key))}) DO UPDATE SET ${sql.raw(changed.join(', '))}`;
}

/** The part of a statement that deletes a view's row. It does nothing unless `moved` shows that the checkpoint moved. */
export function deleteRow(view: ViewTable, generation: number, id: string): Sql {
  return sql`
    DELETE FROM ${table(view)} gone
    WHERE EXISTS (SELECT FROM moved) AND gone.generation = ${generation}::int AND ${column('gone', view.key)} = ${id}`;
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
