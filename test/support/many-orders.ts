import type pg from 'pg';

/** Id of the customer who has a tenth of all orders. */
export const crowd = 'cus_crowd';

/**
 * Fills the views as if this many orders had been projected, over five years: one customer with a tenth of them, one
 * more customer for each twenty orders, a thousand products, mostly in EUR. As in a shop that has been open for
 * years, nearly all orders are delivered, some are cancelled or drafts, and the few open ones are the newest, except
 * for some old ones that were forgotten. These rows have no events: tests look at the plans, not at the rows.
 */
export async function fillViews(client: pg.Client, orders: number): Promise<void> {
  const customers = Math.ceil(orders / 20);
  await withIndexesLast(client, () =>
    client.query(`
    INSERT INTO customer_view (generation, customer_id, name, email, created_at, updated_at, version, position, hash, search)
    SELECT 1, CASE n WHEN 0 THEN '${crowd}' ELSE 'cus_' || n END, 'Name ' || n, n || '@example.com',
      '2020-01-01'::timestamptz + n * interval '1 minute', now(), 1, n, '',
      ('''name'' ''n' || n || ''' ''@example'' ''@' || n || '''' || CASE n WHEN 0 THEN ' ''crowd''' ELSE '' END)::tsvector
    FROM generate_series(0, ${customers}) n;
    INSERT INTO product_view (generation, product_id, sku, name, price, currency, available, created_at, updated_at,
      version, position, hash, search)
    SELECT 1, 'prd_' || n, 'S' || n, 'Thing ' || n, n, 'EUR', true, '2020-01-01'::timestamptz + n * interval '1 hour',
      now(), 1, n, '', ('''thing'' ''t' || n || ''' ''s' || n || '''')::tsvector
    FROM generate_series(0, 9999) n;
    INSERT INTO product_change_view (generation, product_id, position) SELECT generation, product_id, position FROM product_view;
    CREATE TEMP TABLE many AS
    SELECT n, 'ord_' || md5(n::text)::uuid AS order_id, public_number(n) AS number,
      CASE WHEN n % 4 = 0 THEN 'R' || n END AS reference,
      CASE WHEN n % 10 = 0 THEN '${crowd}' ELSE 'cus_' || 1 + (n * 31) % ${customers} END AS customer_id,
      CASE
        WHEN n % 3001 = 5 THEN 'CONFIRMED' -- left behind long ago
        WHEN n % 60 = 1 THEN 'DRAFT'
        WHEN n % 12 = 5 THEN 'CANCELLED'
        WHEN n <= 0.98 * ${orders} THEN 'DELIVERED'
        ELSE (ARRAY['SUBMITTED', 'CONFIRMED', 'SHIPPED', 'SHIPPED', 'SHIPPED', 'DELIVERED'])[1 + n * 17 % 6]
      END AS status,
      CASE WHEN n % 500 = 7 THEN 'JPY' WHEN n % 5 = 1 THEN 'USD' ELSE 'EUR' END AS currency,
      ARRAY['prd_' || n % 1000, 'prd_' || (n * 7) % 1000] AS product_ids, (n * 7919::bigint) % 1000003 AS total,
      '2020-01-01'::timestamptz + n * (interval '5 years' / ${orders}) AS created_at,
      '2020-01-01'::timestamptz + n * (interval '5 years' / ${orders}) + (n * 61 % 240) * interval '1 hour' AS updated_at
    FROM generate_series(1, ${orders}) n;
    INSERT INTO order_view (generation, order_id, number, reference, customer_id, status, currency, lines, product_ids,
      item_count, total, created_at, updated_at, version, position, hash, search)
    SELECT 1, order_id, number, reference, customer_id, status, currency, jsonb_build_array(
        jsonb_build_object('lineId', 'lin_' || n, 'productId', product_ids[1], 'sku', 'S', 'productName', 'Thing',
          'quantity', 1, 'unitPrice', total)),
      product_ids, 1, total, created_at, updated_at, 2, n, '',
      ('''thing'' ''' || lower(replace(number, '-', ''' ''')) || ''' ''r' || n || ''' ''w' || n % 1000 || '''')::tsvector
    FROM many ORDER BY n;
    INSERT INTO customer_order_view (generation, order_id, customer_id, reference, status, currency, total,
      created_at, updated_at, submitted_at, position)
    SELECT 1, order_id, customer_id, reference, status, currency, total, created_at, updated_at, created_at, n
    FROM many ORDER BY n;
    INSERT INTO customer_totals SELECT 1, customer_id, status, currency, count(*), sum(total) FROM many GROUP BY 2, 3, 4;
    INSERT INTO order_counts SELECT 1, status, count(*) FROM many GROUP BY 2;
    INSERT INTO sales_by_day SELECT 1, currency, created_at::date, count(*), count(*), sum(total) FROM many GROUP BY 2, 3;
    INSERT INTO product_sales SELECT 1, currency, product_ids[1], count(*), sum(total) FROM many GROUP BY 2, 3;
    INSERT INTO product_sales_by_day
    SELECT 1, currency, created_at::date, product_ids[1], count(*), sum(total) FROM many GROUP BY 2, 3, 4;
    INSERT INTO product_sales_by_month
    SELECT 1, currency, date_trunc('month', day)::date, product_id, sum(units), sum(revenue)
    FROM product_sales_by_day GROUP BY 2, 3, 4;
    DROP TABLE many`),
  );
  await client.query('VACUUM ANALYZE');
}

/**
 * Adds this many drafts of one line to a customer, as if they had been projected before the live checkpoint; they
 * have no events.
 * @param client of a database that a projector may be using
 */
export async function fillOrdersOf(client: pg.Client, customerId: string, orders: number): Promise<void> {
  await withIndexesLast(client, () =>
    client.query(`
    CREATE TEMP TABLE many AS
    SELECT c.generation, 'ord_' || md5('${customerId} ' || n)::uuid AS order_id, public_number(1000000000 + n) AS number,
      now() - n * interval '1 second' AS at, c.position, c.hash, n
    FROM generate_series(1, ${orders}) n, checkpoints c WHERE c.live;
    INSERT INTO order_view (generation, order_id, number, customer_id, status, lines, product_ids, item_count, total,
      created_at, updated_at, version, position, hash, search)
    SELECT generation, order_id, number, '${customerId}', 'DRAFT', '[]', '{}', 0, 0, at, at, 1, position, hash,
      ('''' || lower(replace(number, '-', ''' ''')) || '''')::tsvector
    FROM many ORDER BY n;
    INSERT INTO customer_order_view (generation, order_id, customer_id, status, total, created_at, updated_at, position)
    SELECT generation, order_id, '${customerId}', 'DRAFT', 0, at, at, position FROM many ORDER BY n;
    DROP TABLE many`),
  );
  await client.query('VACUUM ANALYZE');
}

/**
 * Indexes are built at the end, as a restore does: inserting many rows into a dozen indexes takes many times as long.
 */
async function withIndexesLast(client: pg.Client, fill: () => Promise<unknown>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = ANY ('{order_view, customer_order_view}'::regclass[]) AND NOT indisprimary`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  await fill();
  for (const { definition } of rows) await client.query(definition);
}
