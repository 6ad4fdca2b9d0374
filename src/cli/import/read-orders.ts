import { maximumLines } from '../../order/domain/limits.ts';
import { StartError } from '../../start-error.ts';
import { type Cells, checkRow, type Column, type OrderHead, type OrderLine, type Problem } from './check-row.ts';
import { fileRows } from './file-rows.ts';
import { indexOrders, type OrderIndex } from './index-orders.ts';

/** One complete order of the file. */
export interface FileOrder extends OrderHead {
  readonly lines: readonly OrderLine[];
}

/** All rows of one order, wherever they are in the file: the order, or why it is left out. */
export type OrderRows =
  | {
      readonly type: 'order';
      readonly order: FileOrder;
      /** An earlier order has another name for the customer. The name of the earlier order is stored. */
      readonly otherName: Problem | undefined;
      readonly bytes: number;
    }
  | {
      readonly type: 'left-out';
      /** Undefined for a row without a readable order reference. */
      readonly reference: string | undefined;
      readonly problems: readonly Problem[];
      readonly bytes: number;
    };

/** Columns that must be the same in each row of an order. */
const headColumns = [
  'customer_reference',
  'customer_name',
  'currency',
  'ordered_at',
  'shipped_at',
  'carrier',
] as const satisfies readonly Column[];

/** Maximum number of lines of unfinished orders in memory. */
export const mostLinesHeld = 200_000;

/**
 * The orders of a file, each after its last row was read. A row without a readable order reference may belong to the
 * order before it or to the one after it. Both are left out, because half an order is worse than none.
 * The file is read twice, now and while the orders are consumed: only a first pass shows where each order ends.
 * @param read opens the file at its start
 * @param linesHeld maximum number of lines of unfinished orders in memory; beyond it, the oldest unfinished order is
 * left out
 * @throws StartError if the first row does not name every column exactly once, and later if the file has changed
 */
export async function readOrders(
  read: () => AsyncIterable<Buffer>,
  linesHeld = mostLinesHeld,
): Promise<AsyncGenerator<OrderRows>> {
  return ordersOf(read(), await indexOrders(read()), linesHeld);
}

async function* ordersOf(
  chunks: AsyncIterable<Buffer>,
  { lastRows, doubtful }: OrderIndex,
  linesHeld: number,
): AsyncGenerator<OrderRows> {
  const open = new Map<string, OpenOrder>();
  // Orders with lines in memory, the oldest first.
  const holding = new Set<OpenOrder>();
  const names = new CustomerNames();
  let held = 0;

  for await (const next of fileRows(chunks)) {
    const { row, bytes } = next;
    if ('problem' in next) {
      yield { type: 'left-out', reference: undefined, problems: [next.problem], bytes };
      continue;
    }
    const { cells } = next;
    const reference = cells.order_reference;
    const last = lastRows.get(reference);
    if (last === undefined || row > last) throw changed();
    const order = open.get(reference) ?? new OpenOrder(row, cells, doubtful.get(reference));
    if (!open.has(reference)) holding.add(order);
    open.set(reference, order);
    held += order.add(row, cells, bytes);
    if (row === last) {
      open.delete(reference);
      holding.delete(order);
      held -= order.held;
      yield order.close(names);
    }
    for (const oldest of holding) {
      if (held <= linesHeld) break;
      held -= oldest.giveUp();
      holding.delete(oldest);
    }
  }
  if (open.size > 0) throw changed();
}

function changed(): StartError {
  return new StartError(
    'The file has changed while it was read: run the same command again, it continues where it stopped',
  );
}

/** The name that the first order of each customer has for the customer. */
class CustomerNames {
  readonly #known = new Map<string, { readonly name: string; readonly row: number; reported: boolean }>();

  /** @returns a problem, once for each customer, if an earlier order has another name for the same one */
  otherName({ customerReference, customerName: name }: OrderHead, row: number): Problem | undefined {
    const known = this.#known.get(customerReference);
    if (!known) this.#known.set(customerReference, { name, row, reported: false });
    if (!known || known.name === name || known.reported) return undefined;
    known.reported = true;
    const message = `It differs from row ${known.row}, which has the same customer_reference.`;
    return { row, column: 'customer_name', message };
  }
}

/** An order whose last row has not been read yet. */
class OpenOrder {
  readonly #reference: string;
  readonly #row: number;
  /** Undefined after giveUp(). */
  #first: Cells | undefined;
  readonly #problems: Problem[] = [];
  #lines: OrderLine[] = [];
  #head: OrderHead | undefined;
  #rows = 0;
  #bytes = 0;

  /** @param doubtful number of a row without a readable order reference that may belong to this order */
  constructor(row: number, first: Cells, doubtful: number | undefined) {
    this.#row = row;
    this.#first = first;
    this.#reference = first.order_reference;
    if (doubtful === undefined) return;
    this.#report(
      row,
      'order_reference',
      `Row ${doubtful} has no readable order_reference and may belong to this order.`,
    );
  }

  /** Number of its lines and problems in memory. */
  get held(): number {
    return this.#lines.length + this.#problems.length;
  }

  /** @returns by how much the number of lines and problems in memory has grown */
  add(row: number, cells: Cells, bytes: number): number {
    const before = this.held;
    this.#bytes += bytes;
    this.#rows++;
    // Later rows are not stored: if the references are not filled in, one order is as long as the file.
    if (this.#first && this.#rows <= maximumLines + 1) this.#check(row, cells, this.#first);
    return this.held - before;
  }

  #check(row: number, cells: Cells, first: Cells): void {
    if (this.#rows > maximumLines) {
      this.#report(row, 'order_reference', `Its order has more than ${maximumLines} rows.`);
      return;
    }
    for (const column of headColumns.filter(name => cells[name] !== first[name])) {
      this.#report(row, column, "It differs from that of the order's first row.");
    }
    const checked = checkRow(row, cells);
    if (Array.isArray(checked)) this.#problems.push(...checked);
    else {
      this.#head ??= checked.head;
      this.#lines.push(checked.line);
    }
  }

  /** Drops its lines to limit memory. @returns how many lines and problems were in memory */
  giveUp(): number {
    const { held } = this;
    this.#first = undefined;
    this.#lines = [];
    this.#problems.length = 0;
    return held;
  }

  close(names: CustomerNames): OrderRows {
    const [bytes, reference] = [this.#bytes, this.#reference];
    if (this.#first === undefined) {
      this.#report(
        this.#row,
        'order_reference',
        'Too many rows of other orders are between its rows: sort the file by this column.',
      );
    }
    if (this.#head === undefined || this.#problems.length > 0) {
      return { type: 'left-out', reference, problems: this.#problems, bytes };
    }
    const otherName = names.otherName(this.#head, this.#row);
    return { type: 'order', order: { ...this.#head, lines: this.#lines }, otherName, bytes };
  }

  #report(row: number, column: Column, message: string): void {
    this.#problems.push({ row, column, message });
  }
}
