import { LRUCache } from 'lru-cache';
import type { Decider, DomainCommand, DomainEvent } from '../../commands/decider.ts';
import type { CommandAnswer, HandleCommand } from '../../commands/handle-command.ts';
import { customerDecider } from '../../customer/decider.ts';
import { itemCountOf, totalOf } from '../../order/domain/lines.ts';
import { orderDecider } from '../../order/decider.ts';
import type { OrderRejection } from '../../order/domain/rejection.ts';
import { productDecider } from '../../product/decider.ts';
import { formerProductIdOf, productIdOf } from '../../product/product-id.ts';
import type { Column, OrderLine, Problem } from './check-row.ts';
import {
  addProduct,
  confirmOrder,
  customerIdOf,
  type ImportCommand,
  importOrder,
  orderIdOf,
  registerCustomer,
  shipOrder,
} from './order-commands.ts';
import type { FileOrder, OrderRows } from './read-orders.ts';

/** Maximum number of orders in flight: enough that the log stores many commands in one batch. */
const maxOrdersInFlight = 64;
/** Maximum number of their rows: a batch that the database cannot store within a few seconds counts as failed. */
const maxRowsInFlight = 2_000;
/** Number of customers and products that are cached as stored. Others are stored again, which is idempotent. */
const maxCachedReferences = 50_000;

/** The content of the part of the file that was read, and what was stored of it. */
export interface Tally {
  /** Orders that are stored now, by this import or an earlier one. */
  orders: number;
  units: number;
  /** In each currency's smallest unit: the sum over many orders may exceed 2^53. */
  readonly totals: Map<string, bigint>;
  /** Orders that are not stored because of a problem. */
  leftOut: number;
  problems: number;
  newCommands: number;
  storedCommands: number;
}

interface Parts {
  readonly handle: HandleCommand;
  /** Whether there is a product with this id. */
  readonly isProduct: (productId: string) => Promise<boolean>;
  /** Metadata that all events of this run have in common. */
  readonly correlationId: string;
  /** @param consequence for the order, e.g. "order 10248 is left out" */
  readonly report: (problem: Problem, consequence: string) => void;
}

/**
 * Imports a file's orders by commands. The same file produces the same commands with the same ids, so a second import
 * adds nothing, and after a kill it resumes.
 * @param onSettled called for each order (1), or for rows without an order (0), with their bytes in the file
 * @param signal ends the import early: orders in flight are finished
 * @throws the command path's error if the database is unavailable
 */
export async function importOrders(
  rows: AsyncIterable<OrderRows>,
  parts: Parts & { readonly onSettled: (orders: number, bytes: number) => void; readonly signal: AbortSignal },
): Promise<Tally> {
  const run = new Import(parts);
  const inFlight = new Set<Promise<void>>();
  let rowsInFlight = 0;
  let failure: { readonly error: unknown } | undefined;

  async function settle(next: OrderRows, size: number): Promise<void> {
    try {
      await run.settle(next);
      parts.onSettled(next.type === 'order' ? 1 : 0, next.bytes);
    } catch (error) {
      failure ??= { error };
    } finally {
      rowsInFlight -= size;
    }
  }

  for await (const next of rows) {
    const size = next.type === 'order' ? next.order.lines.length : 0;
    while (inFlight.size >= maxOrdersInFlight || (inFlight.size > 0 && rowsInFlight + size > maxRowsInFlight)) {
      await Promise.race(inFlight);
    }
    if (failure || parts.signal.aborted) break;
    rowsInFlight += size;
    const settled = settle(next, size).finally(() => inFlight.delete(settled));
    inFlight.add(settled);
  }
  await Promise.all(inFlight);
  if (failure) throw failure.error;
  return run.tally;
}

/** One run over one file. */
class Import {
  readonly tally: Tally = {
    orders: 0,
    units: 0,
    totals: new Map(),
    leftOut: 0,
    problems: 0,
    newCommands: 0,
    storedCommands: 0,
  };
  readonly #parts: Parts;
  readonly #stored = new LRUCache<string, Promise<string>>({ max: maxCachedReferences });

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async settle(rows: OrderRows): Promise<void> {
    if (rows.type === 'order') {
      const { order, otherName } = rows;
      if (otherName) this.#report([otherName], 'the customer keeps the name of that row');
      // Called before the first await, so in the file's order: a product gets the first price in the file.
      const productIds = await this.#storeReferences(order);
      await this.#store(order, productIds);
      return;
    }
    const { reference, problems } = rows;
    if (reference === undefined) this.#report(problems, 'the orders of the rows around it are left out');
    else this.#leaveOut(reference, problems);
  }

  /** @returns the products' ids, by SKU */
  async #storeReferences(order: FileOrder): Promise<ReadonlyMap<string, string>> {
    const customerId = customerIdOf(order.customerReference);
    const customer = this.#once(customerId, () => this.#register(order, customerId));
    const products = order.lines.map(async line => {
      const id = await this.#once(productIdOf(line.sku), () => this.#addProduct(order, line));
      return [line.sku, id] as const;
    });
    // If one fails, the others are awaited all the same: the database must not be closed while they are in flight.
    await Promise.allSettled([customer, ...products]);
    await customer;
    return new Map(await Promise.all(products));
  }

  #once(key: string, store: () => Promise<string>): Promise<string> {
    const known = this.#stored.get(key);
    if (known) return known;
    const stored = store();
    this.#stored.set(key, stored);
    return stored;
  }

  // After any answer the customer or product exists: it may have been created by another caller or an earlier file.

  async #register(order: FileOrder, customerId: string): Promise<string> {
    const answer = await this.#give(customerDecider, registerCustomer(order));
    if (answer.type !== 'accepted') this.tally.storedCommands++;
    return customerId;
  }

  async #addProduct(order: FileOrder, line: OrderLine): Promise<string> {
    const formerId = formerProductIdOf(line.sku);
    if (formerId !== undefined && (await this.#parts.isProduct(formerId))) {
      this.tally.storedCommands++;
      return formerId;
    }
    const answer = await this.#give(productDecider, addProduct(order, line));
    if (answer.type !== 'accepted') this.tally.storedCommands++;
    return productIdOf(line.sku);
  }

  async #store(order: FileOrder, productIds: ReadonlyMap<string, string>): Promise<void> {
    const { reference, lines, currency } = order;
    const answer = await this.#give(
      orderDecider,
      importOrder(order, sku => productIds.get(sku) ?? productIdOf(sku)),
    );
    if (answer.type !== 'accepted') {
      this.#leaveOut(reference, [problemOf(order, answer)]);
      return;
    }
    if (order.shipment) await this.#ship(order, order.shipment);
    this.tally.orders++;
    this.tally.units += itemCountOf(lines);
    this.tally.totals.set(currency, (this.tally.totals.get(currency) ?? 0n) + BigInt(totalOf(lines)));
  }

  async #ship(order: FileOrder, shipment: NonNullable<FileOrder['shipment']>): Promise<void> {
    // Rejected if staff has confirmed the order in the meantime. The next answer says whether it can be shipped.
    await this.#give(orderDecider, confirmOrder(order, shipment.at));
    const answer = await this.#give(orderDecider, shipOrder(order, shipment));
    if (answer.type === 'accepted') return;
    const problem = problemOf(order, answer, 'shipped_at');
    this.#report([problem], `order ${order.reference} stays as it is stored`);
  }

  #leaveOut(reference: string, problems: readonly Problem[]): void {
    this.tally.leftOut++;
    this.#report(problems, `order ${reference} is left out`);
  }

  #report(problems: readonly Problem[], consequence: string): void {
    this.tally.problems += problems.length;
    for (const problem of problems) this.#parts.report(problem, consequence);
  }

  async #give<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
    decider: Decider<State, Command, Event, Rejection>,
    command: ImportCommand<Command>,
  ): Promise<CommandAnswer<Rejection>> {
    const { handle, correlationId } = this.#parts;
    const answer = await handle(decider, { ...command, actor: { role: 'staff', subject: 'import' }, correlationId });
    if (answer.type === 'accepted' && answer.replayed) this.tally.storedCommands++;
    else if (answer.type === 'accepted') this.tally.newCommands++;
    return answer;
  }
}

type Refused = Exclude<CommandAnswer<OrderRejection>, { readonly type: 'accepted' }>;

/** The problem, with the row and column of the file that caused the rejection. */
function problemOf(order: FileOrder, refused: Refused, about: Column = 'order_reference'): Problem {
  const problem = (message: string, row = order.lines[0]?.row ?? 0, column = about) => ({ row, column, message });
  switch (refused.type) {
    case 'key-reused':
      // Earlier releases stored only the first rows of an order whose rows were not next to each other.
      return problem(
        `It is stored with other content, by an earlier import, as ${orderIdOf(order.reference)}, and a stored order does not change: compare them, and import the missing rows under another order_reference, or cancel that order and import all its rows under another one`,
      );
    case 'rejected': {
      const { path, message } = refused.rejection;
      const [, , item, field] = path;
      const line = order.lines[Number(item)];
      return line ? problem(message, line.row, field === 'quantity' ? 'quantity' : 'product_sku') : problem(message);
    }
    case 'not-found':
    case 'version-conflict':
    case 'invalid-input':
      throw new Error(`the command path answered ${refused.type}, which is impossible for an import`);
  }
}
