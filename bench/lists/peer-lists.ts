// The common part of both baselines: pages by prepared statements, over the tables and indexes of Orderstream itself.
import pg from 'pg';

export const typeDefs = `
  type Order { id: ID! number: String! status: String! total: Float! createdAt: String! }
  type Page { nodes: [Order!]! hasNextPage: Boolean! endCursor: String }
  type Customer { id: ID! name: String! orders: Page! }
  type Query {
    byStatus(status: String!): Page!
    byCustomer(customerId: ID!): Page!
    bySearch(word: String!): Page!
    customers: [Customer!]!
  }`;

interface Row {
  readonly id: string;
  readonly owner: string;
  readonly number: string;
  readonly status: string;
  readonly total: number;
  readonly createdAt: string;
}

interface Customer {
  readonly id: string;
  readonly name: string;
}

const size = 20;
const columns = `v.order_id AS id, v.customer_id AS owner, v.number, v.status, v.total::float8 AS total,
  to_jsonb(v.created_at)#>>'{}' AS "createdAt"`;
const newest = `ORDER BY v.created_at DESC, v.order_id DESC LIMIT ${size + 1}`;

const statements = {
  status: `SELECT ${columns} FROM order_view v WHERE v.generation = 1 AND v.status = $1 ${newest}`,
  customer: `SELECT ${columns} FROM order_view v WHERE v.generation = 1 AND v.customer_id = $1 ${newest}`,
  search: `SELECT ${columns} FROM order_view v WHERE v.generation = 1 AND (v.search @@ $1::tsquery
    OR v.customer_id IN (SELECT customer_id FROM customer_view WHERE generation = 1 AND search @@ $1::tsquery)) ${newest}`,
  customers: `SELECT customer_id AS id, name FROM customer_view WHERE generation = 1
    ORDER BY created_at DESC, customer_id DESC LIMIT ${size}`,
  ofCustomers: `SELECT page.* FROM unnest($1::text[]) AS wanted(id) CROSS JOIN LATERAL (
    SELECT ${columns} FROM order_view v WHERE v.generation = 1 AND v.customer_id = wanted.id ${newest}) page`,
};

function pageOf(rows: readonly Row[]) {
  const nodes = rows.slice(0, size);
  const last = nodes.at(-1);
  const endCursor = last && Buffer.from(JSON.stringify([last.createdAt, last.id])).toString('base64url');
  return { nodes, hasNextPage: rows.length > size, endCursor };
}

type Page = ReturnType<typeof pageOf>;

/** Opens the reads that the resolvers need. */
export function openPeerLists() {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 8 });
  const read = async <One extends object>(name: keyof typeof statements, ...values: unknown[]): Promise<One[]> =>
    (await pool.query<One>({ name, text: statements[name], values })).rows;
  const byCustomer = async (customerId: string): Promise<Page> => pageOf(await read<Row>('customer', customerId));
  return {
    byCustomer,
    byStatus: async (status: string): Promise<Page> => pageOf(await read<Row>('status', status)),
    bySearch: async (word: string): Promise<Page> => pageOf(await read<Row>('search', `'${word}':*`)),
    customers: (): Promise<Customer[]> => read<Customer>('customers'),
    /** Reads the pages of several customers by one statement. */
    ofCustomers: async (customerIds: readonly string[]): Promise<Page[]> => {
      const rows = await read<Row>('ofCustomers', customerIds);
      return customerIds.map(id => pageOf(rows.filter(row => row.owner === id)));
    },
  };
}

/** Resolvers of Query's fields. */
export function rootResolvers(lists: ReturnType<typeof openPeerLists>) {
  return {
    byStatus: (_root: unknown, { status }: { status: string }) => lists.byStatus(status),
    byCustomer: (_root: unknown, { customerId }: { customerId: string }) => lists.byCustomer(customerId),
    bySearch: (_root: unknown, { word }: { word: string }) => lists.bySearch(word),
    customers: () => lists.customers(),
  };
}
