import { longestName as longestCustomerName } from '../../customer/domain/limits.ts';
import { currencyCodes } from '../../graphql/currency-codes.ts';
import { textIssues } from '../../graphql/text-input.ts';
import { isTraded, parseAmount } from '../../money.ts';
import { longestCarrier, longestReference } from '../../order/domain/limits.ts';
import { longestName as longestProductName, longestSku } from '../../product/domain/limits.ts';

export const columns = [
  'order_reference',
  'customer_reference',
  'customer_name',
  'product_sku',
  'product_name',
  'quantity',
  'unit_price',
  'currency',
  'ordered_at',
  'shipped_at',
  'carrier',
] as const;
export type Column = (typeof columns)[number];

/** One row's cells. */
export type Cells = Readonly<Record<Column, string>>;

/** A problem with one cell. The message is a sentence about the cell: "It …". */
export interface Problem {
  readonly row: number;
  readonly column: Column;
  readonly message: string;
}

/** The columns of a row that describe its order: they are the same in each row of the order. */
export interface OrderHead {
  readonly reference: string;
  readonly customerReference: string;
  readonly customerName: string;
  readonly currency: string;
  readonly orderedAt: Date;
  readonly shipment: { readonly at: Date; readonly carrier: string } | undefined;
}

/** The columns of a row that describe its order line. */
export interface OrderLine {
  readonly row: number;
  readonly sku: string;
  readonly productName: string;
  readonly quantity: number;
  /** In the currency's smallest unit. */
  readonly unitPrice: number;
}

/** Parses a row, or returns all its problems. Limits of a whole order are checked by the order's decider. */
export function checkRow(row: number, cells: Cells): { head: OrderHead; line: OrderLine } | Problem[] {
  const problems: Problem[] = [];
  const report = (column: Column, message: string) => problems.push({ row, column, message });

  function text(column: Column, longest: number): string {
    const value = cells[column];
    if (value.includes('\uFFFD')) report(column, 'It is not UTF-8: save the file in UTF-8.');
    else for (const { message } of textIssues([], value, longest)) report(column, message);
    return value;
  }
  function day(column: Column): Date | undefined {
    const date = parseDay(cells[column]);
    if (date === undefined) report(column, 'It must be a day, like 1996-07-04.');
    return date;
  }

  const reference = text('order_reference', longestReference);
  const customerReference = text('customer_reference', longestReference);
  const customerName = text('customer_name', longestCustomerName);
  const sku = text('product_sku', longestSku);
  const productName = text('product_name', longestProductName);
  const quantity = /^\d{1,9}$/.test(cells.quantity) ? Number(cells.quantity) : undefined;
  if (quantity === undefined) report('quantity', 'It must be a whole number, like 12.');
  const { currency } = cells;
  const knownCurrency = currencyCodes.has(currency) && isTraded(currency);
  const unitPrice = knownCurrency ? parseAmount(cells.unit_price, currency) : undefined;
  if (!knownCurrency) report('currency', 'It must be the ISO 4217 code of a currency in upper case, like USD.');
  else if (unitPrice === undefined)
    report('unit_price', `It must be an amount, like 12.50: zero or more, with no more decimals than ${currency} has.`);
  const orderedAt = day('ordered_at');
  const shippedAt = cells.shipped_at === '' ? undefined : day('shipped_at');
  if (orderedAt && shippedAt && shippedAt < orderedAt)
    report('shipped_at', 'It must be the day of ordered_at or later.');
  const shipment = shippedAt && { at: shippedAt, carrier: text('carrier', longestCarrier) };

  if (problems.length > 0 || quantity === undefined || unitPrice === undefined || orderedAt === undefined) {
    return problems;
  }
  return {
    head: { reference, customerReference, customerName, currency, orderedAt, shipment },
    line: { row, sku, productName, quantity, unitPrice },
  };
}

/** The start of a day in UTC; undefined if the text is no day. */
function parseDay(text: string): Date | undefined {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  // `Date` converts 30 February to 1 March.
  if (!day || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text)) return undefined;
  // PostgreSQL has no year 0.
  return day.getUTCFullYear() >= 1 ? day : undefined;
}
