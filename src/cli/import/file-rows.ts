import { StartError } from '../../start-error.ts';
import { type Cells, type Column, columns, type Problem } from './check-row.ts';
import { longestRow, parseCells, readLines, readRows, type Row, type Separator, separators } from './csv.ts';

/** A row with an order reference, or the problem because of which its order is unknown. */
export type FileRow = { readonly row: number; readonly bytes: number } & (
  | { readonly cells: Cells }
  | { readonly problem: Problem }
);

/**
 * The rows of a file after its header. Empty rows are skipped, and their bytes are added to the next row.
 * @throws StartError if the first row does not name every column exactly once
 */
export async function* fileRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRow> {
  const lines = readLines(chunks);
  try {
    const first = await lines.next();
    const line = first.done ? undefined : first.value;
    const header = headerOf(line?.text);
    let passed = line?.bytes ?? 0;
    for await (const row of readRows(lines, header.separator)) {
      const bytes = passed + row.bytes;
      const cells = cellsOf(header, row);
      passed = cells ? 0 : bytes;
      if (cells === undefined) continue;
      yield 'column' in cells ? { row: row.row, bytes, problem: cells } : { row: row.row, bytes, cells };
    }
  } finally {
    // Also closes the file if it is not read to its end.
    await lines.return(undefined);
  }
}

/** The cell index of each column, and the number of cells in a row. */
interface Header {
  readonly separator: Separator;
  readonly names: readonly string[];
  readonly places: ReadonlyMap<Column, number>;
}

function headerOf(text: string | undefined): Header {
  const headers = separators.map(separator => {
    const cells = text === undefined ? [] : parseCells(text, separator);
    const names = 'index' in cells ? [] : cells;
    return { separator, names, missing: columns.filter(column => !names.includes(column)) };
  });
  const [{ separator, names, missing }] = headers.sort((one, other) => one.missing.length - other.missing.length) as [
    (typeof headers)[number],
  ];
  if (missing.length > 0) {
    const lacks = missing.length < columns.length ? `, and it lacks ${missing.join(', ')}` : '';
    throw new StartError(`The file has no order lines: its first line must be ${columns.join(',')}${lacks}`);
  }
  const twice = columns.find(column => names.indexOf(column) !== names.lastIndexOf(column));
  if (twice !== undefined) {
    const cells = names.flatMap((name, index) => (name === twice ? [index + 1] : []));
    throw new StartError(
      `Row 1 names the column ${twice} more than once, in cells ${cells.join(' and ')}: keep only one`,
    );
  }
  return { separator, names, places: new Map(columns.map(column => [column, names.indexOf(column)])) };
}

/**
 * Undefined if all cells are empty; a problem if the cells cannot be assigned to columns, or the order is not named.
 */
function cellsOf({ separator, names, places }: Header, { row, cells }: Row): Cells | Problem | undefined {
  const problem = (index: number, message: string): Problem => {
    const known = [...places].filter(([, place]) => place <= index).map(([column]) => column);
    return { row, column: known.at(-1) ?? columns[0], message };
  };
  if (cells === undefined) return problem(0, `Its row is longer than ${longestRow} bytes.`);
  if ('index' in cells) return problem(cells.index, cells.message);
  if (cells.every(cell => cell === '')) return undefined;
  if (cells.length < names.length) return problem(cells.length, `It is missing: the row has ${count(cells, names)}.`);
  if (cells.length > names.length)
    return problem(names.length, `There are too many cells after it: the row has ${count(cells, names)}.`);
  // Two forgotten quotes combine several rows, also of other orders, into one cell.
  const swallowed = [...places.values()].find(place => isSwallowed(cells[place] ?? '', separator));
  if (swallowed !== undefined) {
    return problem(
      swallowed,
      `It has a line break and "${separator}" in it: check whether a quote before it is not closed.`,
    );
  }
  const named = Object.fromEntries([...places].map(([column, place]) => [column, cells[place]])) as Cells;
  return named.order_reference === '' ? problem(places.get('order_reference') ?? 0, "It can't be empty.") : named;
}

function isSwallowed(cell: string, separator: Separator): boolean {
  return cell.includes('\n') && cell.includes(separator);
}

function count(cells: readonly string[], names: readonly string[]): string {
  return `${cells.length} cells, not ${names.length}`;
}
