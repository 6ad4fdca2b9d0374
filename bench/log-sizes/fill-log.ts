import { createHash } from 'node:crypto';
import type { Client } from 'pg';

/** Events of each order. */
const eventsAnOrder = 10;
const ordersACustomer = 2;
const products = 100;

/** Products of the catalogue, one event each. */
export const productIds = Array.from({ length: products }, (_, n) => idOf('prd', n));

/** Number of orders in a log of this many events. */
export function ordersIn(events: number): number {
  return Math.floor((events - products) / (eventsAnOrder + 1 / ordersACustomer));
}

/** An id that SQL can derive from the same number: as scattered as real ids, and known to both sides. */
export function idOf(kind: string, n: number): string {
  const digits = createHash('md5').update(`${kind}${n}`).digest('hex');
  return `${kind}_${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

const columns = `position, hash, stream_type, stream_id, version, command_id, ordinal, command_hash, type,
  schema_version, data, personal, metadata, occurred_at, recorded_at`;
const metadata = `'{"actor": {"role": "staff", "subject": "anna"}, "correlationId": "8c4b7a52-5f0c-4f4e-9d8e-0b8e5d1c8e11"}'::jsonb`;

/**
 * Fills the log by SQL with rows of the shape and size that commands store: a million of them through the append
 * would take minutes. Their hashes form no chain. The events of one order are far apart, as they are if many orders
 * change at the same time.
 * @param from number of orders that the log has already
 */
export async function fillLog(client: Client, from: number, to: number): Promise<void> {
  if (from === 0) await insertStream(client, 'product', 'prd', 1, [0, products], product);
  const customers = [Math.floor(from / ordersACustomer), Math.floor(to / ordersACustomer)] as const;
  await client.query(
    `INSERT INTO customer_keys (customer_id, key)
      SELECT ${id('cus', 'n')}, sha256(n::text::bytea) FROM generate_series($1::int, $2::int - 1) n`,
    [...customers],
  );
  await insertStream(client, 'customer', 'cus', 1, customers, customer);
  await insertStream(client, 'order', 'ord', 1, [from, to], created);
  for (let version = 2; version <= eventsAnOrder; version++) {
    await insertStream(client, 'order', 'ord', version, [from, to], itemAdded(version));
  }
}

/** SQL for an event of the n-th stream. */
interface EventSql {
  readonly type: string;
  readonly data: string;
  readonly personal: string;
}

/** SQL for one event of each of the streams from … to. */
async function insertStream(
  client: Client,
  streamType: string,
  kind: string,
  version: number,
  [from, to]: readonly [number, number],
  { type, data, personal }: EventSql,
): Promise<void> {
  await client.query(
    `INSERT INTO events (${columns})
      SELECT head.position + 1 + n - $1::int, sha256((head.position + n)::text::bytea), '${streamType}', ${id(kind, 'n')},
        ${version}, md5('${kind} ${version} ' || n)::uuid, 1, sha256(n::text::bytea), '${type}', 1, ${data}, ${personal},
        ${metadata}, now(), now()
      FROM generate_series($1::int, $2::int - 1) n, (SELECT coalesce(max(position), 0) AS position FROM events) head`,
    [from, to],
  );
}

const product: EventSql = {
  type: 'ProductAdded',
  data: `jsonb_build_object('sku', 'TEA-' || n, 'name', 'Tea ' || n, 'price', 1250, 'currency', 'EUR', 'available', true)`,
  personal: 'NULL',
};

const customer: EventSql = {
  type: 'CustomerRegistered',
  data: `'{}'`,
  personal: `jsonb_build_object('subject', ${id('cus', 'n')}, 'sealed', repeat(md5(n::text), 4))`,
};

const created: EventSql = {
  type: 'OrderCreated',
  data: `jsonb_build_object('customerId', ${id('cus', `n / ${ordersACustomer}`)}, 'currency', 'EUR', 'number', 'K7Q2-9XF4')`,
  personal: 'NULL',
};

function itemAdded(version: number): EventSql {
  return {
    type: 'OrderItemAdded',
    data: `jsonb_build_object('lineId', ${id('lin', `'${version} ' || n`)}, 'productId', ${id('prd', `(n + ${version}) % ${products}`)},
      'sku', 'TEA-' || n % ${products}, 'productName', 'Darjeeling First Flush, 100 g', 'quantity', 1, 'unitPrice', 1250, 'currency', 'EUR')`,
    personal: 'NULL',
  };
}

/** idOf() in SQL. */
function id(kind: string, number: string): string {
  return `'${kind}_' || md5('${kind}' || (${number}))::uuid`;
}
