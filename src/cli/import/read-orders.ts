import { maximumLines } from '../../order/domain/limits.ts';
import { StartError } from '../../start-error.ts';
import {
  type Cells,
  checkRow,
  type Column,
  columns,
  type OrderHead,
  type OrderLine,
  type Problem,
} from './check-row.ts';
import { type Line, longestLine, parseCells, readLines } from './csv.ts';

/** One order of the file, whole. */
export interface FileOrder extends OrderHead {
  readonly lines: readonly OrderLine[];
}

/** Rows that stand together, of one order: good all of them, or else of no use. */
export type OrderRows =
  | { readonly type: 'order'; readonly order: FileOrder; readonly bytes: number }
  | {
      readonly type: 'left-out';
      /** Undefined where the rows don't say it. */
      readonly reference: string | undefined;
      readonly problems: readonly Problem[];
      readonly bytes: number;
    };

/** What each row of an order has to say as its first one does. */
const headColumns = [
  'customer_reference',
  'customer_name',
  'currency',
  'ordered_at',
  'shipped_at',
  'carrier',
] as const satisfies readonly Column[];

/**
 * The orders of a file in its order, each from the rows that stand together. A row that does not say whose it is may
 * be of the order before it or of the one after: both are left out, since half an order is worse than none.
 * @throws StartError where the first line does not name the columns
 */
export async function readOrders(chunks: AsyncIterable<Buffer>): Promise<AsyncGenerator<OrderRows>> {
  const lines = readLines(chunks);
  const first = await lines.next();
  const line = first.done ? undefined : first.value;
  return ordersOf(headerOf(line?.text), lines, line?.bytes ?? 0);
}

/** @param passed bytes of lines that say nothing: they count to the next one that does */
async function* ordersOf(header: Header, lines: AsyncGenerator<Line>, passed: number): AsyncGenerator<OrderRows> {
  let open: OpenOrder | undefined;
  let doubtful: number | undefined;

  for await (const { row, text, bytes: length } of lines) {
    const cells = cellsOf(header, row, text);
    const bytes = passed + length;
    passed = cells ? 0 : bytes;
    if (cells === undefined) continue;
    if ('column' in cells) {
      yield { type: 'left-out', reference: undefined, problems: [cells], bytes };
      open?.mayHave(row);
      doubtful = row;
      continue;
    }
    if (open?.reference !== cells.order_reference) {
      if (open) yield open.close();
      open = new OpenOrder(row, cells);
      if (doubtful !== undefined) open.mayHave(doubtful);
    }
    open.add(row, cells, bytes);
    doubtful = undefined;
  }
  if (open) yield open.close();
}

/** Where each column stands, and how many cells a row has. */
interface Header {
  readonly names: readonly string[];
  readonly places: ReadonlyMap<Column, number>;
}

function headerOf(text: string | undefined): Header {
  const cells = text === undefined ? [] : parseCells(text);
  const names = 'index' in cells ? [] : cells;
  const missing = columns.filter(column => !names.includes(column));
  if (missing.length > 0) {
    const lacks = missing.length < columns.length ? `, and it lacks ${missing.join(', ')}` : '';
    throw new StartError(`That is no file of order lines: its first line has to be ${columns.join(',')}${lacks}`);
  }
  return { names, places: new Map(columns.map(column => [column, names.indexOf(column)])) };
}

/** Undefined where nothing stands in it; a problem where what stands where, or whose it is, can't be told. */
function cellsOf({ names, places }: Header, row: number, text: string | undefined): Cells | Problem | undefined {
  const problem = (index: number, message: string): Problem => {
    const known = [...places].filter(([, place]) => place <= index).map(([column]) => column);
    return { row, column: known.at(-1) ?? columns[0], message };
  };
  if (text === undefined) return problem(0, `Its row is longer than ${longestLine} bytes.`);
  const cells = parseCells(text);
  if ('index' in cells) return problem(cells.index, cells.message);
  if (cells.every(cell => cell === '')) return undefined;
  if (cells.length < names.length) return problem(cells.length, `It is missing: the row has ${count(cells, names)}.`);
  if (cells.length > names.length)
    return problem(names.length, `Too much follows: the row has ${count(cells, names)}.`);
  const named = Object.fromEntries([...places].map(([column, place]) => [column, cells[place]])) as Cells;
  return named.order_reference === '' ? problem(places.get('order_reference') ?? 0, "It can't be empty.") : named;
}

function count(cells: readonly string[], names: readonly string[]): string {
  return `${cells.length} cells, not ${names.length}`;
}

/** An order whose rows are still coming. */
class OpenOrder {
  readonly reference: string;
  readonly #row: number;
  readonly #first: Cells;
  readonly #problems: Problem[] = [];
  readonly #lines: OrderLine[] = [];
  #head: OrderHead | undefined;
  #doubtful = false;
  #rows = 0;
  #bytes = 0;

  constructor(row: number, first: Cells) {
    this.#row = row;
    this.#first = first;
    this.reference = first.order_reference;
  }

  /** A row that does not say its order stands beside this one's. */
  mayHave(row: number): void {
    if (this.#doubtful) return;
    this.#doubtful = true;
    this.#tell(this.#row, 'order_reference', `Row ${row}, which does not say its order, may be of this one.`);
  }

  add(row: number, cells: Cells, bytes: number): void {
    this.#bytes += bytes;
    this.#rows++;
    // From there on nothing is kept: whoever forgets to fill in the references sends one order as long as the file.
    if (this.#rows > maximumLines + 1) return;
    if (this.#rows > maximumLines) {
      this.#tell(row, 'order_reference', `Its order has more than ${maximumLines} rows.`);
      return;
    }
    for (const column of headColumns.filter(name => cells[name] !== this.#first[name])) {
      this.#tell(row, column, "It differs from that of the order's first row.");
    }
    const checked = checkRow(row, cells);
    if (Array.isArray(checked)) this.#problems.push(...checked);
    else {
      this.#head ??= checked.head;
      this.#lines.push(checked.line);
    }
  }

  close(): OrderRows {
    const bytes = this.#bytes;
    if (this.#head === undefined || this.#problems.length > 0) {
      return { type: 'left-out', reference: this.reference, problems: this.#problems, bytes };
    }
    return { type: 'order', order: { ...this.#head, lines: this.#lines }, bytes };
  }

  #tell(row: number, column: Column, message: string): void {
    this.#problems.push({ row, column, message });
  }
}
