// The common part of the three baselines: orders with five lines, read by key with one prepared statement.
import { createHash } from 'node:crypto';
import pg from 'pg';

/** One row per order that includes its lines, as a usual stack would store it. */
export const peerTable = `
  CREATE TABLE peer_order_view (
    order_id uuid PRIMARY KEY, status text NOT NULL, total bigint NOT NULL, lines jsonb NOT NULL)`;

export const fillPeerTable = `
  INSERT INTO peer_order_view SELECT md5('order ' || n)::uuid, 'DRAFT', 1500, (
    SELECT jsonb_agg(jsonb_build_object('id', i, 'productName', 'Product ' || i, 'quantity', i, 'subtotal', i * 100))
    FROM generate_series(1, 5) i)
  FROM generate_series(0, $1::int - 1) n`;

/** The id of the n-th order; the SQL above creates the same id. */
export function peerOrderId(n: number): string {
  const digits = createHash('md5').update(`order ${n}`).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const typeDefs = `
  type Line { id: ID! productName: String! quantity: Int! subtotal: Int! }
  type Order { id: ID! status: String! total: Float! lines: [Line!]! }
  type Query { order(id: ID!): Order }`;

const text = 'SELECT order_id AS id, status, total, lines FROM peer_order_view WHERE order_id = $1';

/** @returns a function that reads an order by its id */
export function openPeerOrders(): (id: string) => Promise<unknown> {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 8 });
  return async id => (await pool.query({ name: 'order', text, values: [id] })).rows[0] as unknown;
}

/** The printed address shows the bench that the server is ready. */
export function ready(port: number): void {
  console.log(`ready at http://127.0.0.1:${port}`);
}
