import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A CSV file of order lines and its contents, read without the program's own reader. */
export interface OrderLines {
  readonly path: string;
  readonly orders: readonly ExpectedOrder[];
  /** By SKU: the first occurrence in the file. */
  readonly products: ReadonlyMap<string, { readonly name: string; readonly price: string }>;
}

/** An order as GraphQL must show it after the import. */
export interface ExpectedOrder {
  readonly reference: string;
  readonly customer: string;
  readonly status: 'SUBMITTED' | 'SHIPPED';
  readonly createdAt: string;
  readonly submittedAt: string;
  readonly shippedAt: string | null;
  readonly carrier: string | null;
  /** SKU, name, quantity, unit price. */
  readonly lines: readonly string[];
  readonly units: number;
  /** In cents. */
  readonly total: number;
}

const shared = fileURLToPath(new URL('../../../shared/data/northwind-order-lines.csv', import.meta.url));

/** Whether the orders are Microsoft's Northwind, which are not part of this project, or generated ones. */
export const isNorthwind = existsSync(shared);

/** @param folder folder for a generated file */
export function orderLinesIn(folder: string): OrderLines {
  if (isNorthwind) return readOrderLines(shared);
  console.warn(`${shared} is not there: a made-up file of order lines stands in for it`);
  const path = join(folder, 'order-lines.csv');
  writeFileSync(path, madeUp());
  return readOrderLines(path);
}

/** @param path path of a file without quotes */
export function readOrderLines(path: string): OrderLines {
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map(row => row.split(',') as Row);
  const byOrder = new Map<string, Row[]>();
  for (const row of rows) byOrder.set(row[0], [...(byOrder.get(row[0]) ?? []), row]);
  return {
    path,
    orders: [...byOrder.values()].map(expectedOrder).sort(byReference),
    products: new Map(rows.toReversed().map(row => [row[3], { name: row[4], price: row[6] }])),
  };
}

export function byReference(one: { reference: string | null }, other: { reference: string | null }): number {
  return String(one.reference) < String(other.reference) ? -1 : 1;
}

type Row = [
  order: string,
  customer: string,
  customerName: string,
  sku: string,
  productName: string,
  quantity: string,
  unitPrice: string,
  currency: string,
  orderedAt: string,
  shippedAt: string,
  carrier: string,
];

function expectedOrder(rows: readonly Row[]): ExpectedOrder {
  const [reference, , customer, , , , , , orderedAt, shippedAt, carrier] = rows[0]!;
  const cents = (price: string) => Math.round(Number(price) * 100);
  const at = `${orderedAt}T00:00:00.000Z`;
  return {
    reference,
    customer,
    status: shippedAt === '' ? 'SUBMITTED' : 'SHIPPED',
    createdAt: at,
    submittedAt: at,
    shippedAt: shippedAt === '' ? null : `${shippedAt}T00:00:00.000Z`,
    carrier: shippedAt === '' ? null : carrier,
    lines: rows.map(row => `${row[3]} ${row[4]}: ${row[5]} x ${row[6]}`),
    units: rows.reduce((sum, row) => sum + Number(row[5]), 0),
    total: rows.reduce((sum, row) => sum + Number(row[5]) * cents(row[6]), 0),
  };
}

/** Orders of a few customers, at prices that change, some not shipped yet. */
function madeUp(): string {
  const rows = Array.from({ length: 600 }, (_, order) =>
    Array.from({ length: 1 + (order % 4) }, (_, line) => {
      const product = (order * 7 + line * 3) % 40;
      const price = `${10 + product + (order % 5)}.50`;
      const month = `2020-${String(1 + (order % 9)).padStart(2, '0')}`;
      const shippedAt = order % 10 === 0 ? '' : `${month}-09`;
      const customer = order % 30;
      return `${order},C${customer},Customer ${customer},${product},Thing ${product},${1 + (order % 12)},${price},USD,${month}-05,${shippedAt},Carrier`;
    }),
  );
  const header =
    'order_reference,customer_reference,customer_name,product_sku,product_name,quantity,unit_price,currency,ordered_at,shipped_at,carrier';
  return [header, ...rows.flat(), ''].join('\n');
}
