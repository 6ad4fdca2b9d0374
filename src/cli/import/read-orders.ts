import { maximumLines } from '../../order/domain/limits.ts';
import { StartError } from '../../start-error.ts';
import { type Cells, checkRow, type Column, type OrderHead, type OrderLine, type Problem } from './check-row.ts';
import { fileRows } from './file-rows.ts';
import { indexOrders, type OrderIndex } from './index-orders.ts';

/** One order of the file, whole. */
export interface FileOrder extends OrderHead {
  readonly lines: readonly OrderLine[];
}

/** All rows of one order, wherever in the file they are: the order, or why it is left out. */
export type OrderRows =
  | {
      readonly type: 'order';
      readonly order: FileOrder;
      /** Its customer has another name in an earlier order, which is the one that is kept. */
      readonly otherName: Problem | undefined;
      readonly bytes: number;
    }
  | {
      readonly type: 'left-out';
      /** Undefined for a row that does not say its order. */
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

/** Lines of unfinished orders that are kept in memory at most. */
export const mostLinesHeld = 200_000;

/**
 * The orders of a file, each when its last row has come. A row that does not say its order may be of the order before
 * it or of the one after: both are left out, since half an order is worse than none.
 *
 * The file is read twice, now and while the orders are taken: only a first look at all of it says where each order ends.
 * @param read opens the file at its start
 * @param linesHeld of unfinished orders at most; beyond that the one that began first is left out
 * @throws StartError if the first row does not name every column once, and later if the file has changed meanwhile
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
  // Those that keep lines, the one that began first in front.
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
  return new StartError('The file has changed while it was read: run the same command again, it goes on from here');
}

/** The names that orders have for their customers: one entry a customer. */
class CustomerNames {
  readonly #known = new Map<string, { readonly name: string; readonly row: number; told: boolean }>();

  /** @returns a problem, once for each customer, if an earlier order has another name for the same one */
  otherName({ customerReference, customerName: name }: OrderHead, row: number): Problem | undefined {
    const known = this.#known.get(customerReference);
    if (!known) this.#known.set(customerReference, { name, row, told: false });
    if (!known || known.name === name || known.told) return undefined;
    known.told = true;
    const message = `It differs from row ${known.row}, which has the same customer_reference.`;
    return { row, column: 'customer_name', message };
  }
}

/** An order whose rows are still coming. */
class OpenOrder {
  readonly #reference: string;
  readonly #row: number;
  /** Undefined once it is given up. */
  #first: Cells | undefined;
  readonly #problems: Problem[] = [];
  #lines: OrderLine[] = [];
  #head: OrderHead | undefined;
  #rows = 0;
  #bytes = 0;

  /** @param doubtful a row that may be of this order and does not say so */
  constructor(row: number, first: Cells, doubtful: number | undefined) {
    this.#row = row;
    this.#first = first;
    this.#reference = first.order_reference;
    if (doubtful === undefined) return;
    this.#tell(row, 'order_reference', `Row ${doubtful}, which does not say its order, may be of this one.`);
  }

  /** Its lines and problems that are in memory. */
  get held(): number {
    return this.#lines.length + this.#problems.length;
  }

  /** @returns how many more lines and problems are in memory now */
  add(row: number, cells: Cells, bytes: number): number {
    const before = this.held;
    this.#bytes += bytes;
    this.#rows++;
    // From there on nothing is kept: if the references are not filled in, one order is as long as the file.
    if (this.#first && this.#rows <= maximumLines + 1) this.#check(row, cells, this.#first);
    return this.held - before;
  }

  #check(row: number, cells: Cells, first: Cells): void {
    if (this.#rows > maximumLines) {
      this.#tell(row, 'order_reference', `Its order has more than ${maximumLines} rows.`);
      return;
    }
    for (const column of headColumns.filter(name => cells[name] !== first[name])) {
      this.#tell(row, column, "It differs from that of the order's first row.");
    }
    const checked = checkRow(row, cells);
    if (Array.isArray(checked)) this.#problems.push(...checked);
    else {
      this.#head ??= checked.head;
      this.#lines.push(checked.line);
    }
  }

  /** Forgets its lines, so that memory stays bounded. @returns how many lines and problems were in memory */
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
      this.#tell(
        this.#row,
        'order_reference',
        'Too much of the file is between its rows: sort the file by this column.',
      );
    }
    if (this.#head === undefined || this.#problems.length > 0) {
      return { type: 'left-out', reference, problems: this.#problems, bytes };
    }
    const otherName = names.otherName(this.#head, this.#row);
    return { type: 'order', order: { ...this.#head, lines: this.#lines }, otherName, bytes };
  }

  #tell(row: number, column: Column, message: string): void {
    this.#problems.push({ row, column, message });
  }
}
