import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { verify } from '../../src/cli/verify.ts';
import { views } from '../../src/slices.ts';
import { runCli } from '../support/cli.ts';
import { onDatabase } from '../support/on-database.ts';
import { cloneOf } from '../support/postgres.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
} from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';
import { useResource } from '../support/use-resource.ts';

const original = useDatabase();
let orderId: string;

beforeAll(async () => {
  const node = await openNode(original.url);
  const productId = await productOnSale(node);
  orderId = await createdOrder(node, await registeredCustomer(node), {
    reference: 'PO 7',
    items: [{ productId, quantity: 2 }],
  });
  await addItem(node, orderId, await productOnSale(node, 199), 3);
  await projectAll(node);
  await node.close();
});

/** A copy of it for each test, which may change anything. */
const real = useResource(
  () => cloneOf(original),
  copy => copy.drop(),
  'test',
);

/** The lines after a direct change of the database, as the command prints them. */
async function faultsAfter(change: string): Promise<string[]> {
  await onDatabase(real.url, client => client.query(change));
  const node = await openNode(real.url);
  try {
    const { ok, lines } = await verify(node.source, views);
    expect(ok).toBe(false);
    return [...lines];
  } finally {
    await node.close();
  }
}

test('a valid log with correct views is reported as valid, with exit code 0', async () => {
  const { code, stdout } = await runCli('orderstream', ['verify'], { DATABASE_URL: real.url });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '6 events verified: all is well\n' });
});

test.each([
  [
    'an event whose data was changed',
    `UPDATE events SET data = data || '{"quantity": 9}' WHERE position = 4`,
    'event 4: its hash does not match the stored event',
  ],
  [
    'an event whose hash was computed again',
    `UPDATE events SET data = data || '{"quantity": 9}' WHERE position = 4;
     UPDATE events e SET hash = event_hash((SELECT hash FROM events WHERE position = 3), e) WHERE position = 4`,
    'event 5: its hash does not match the stored event',
  ],
  ['an event that is missing', `DELETE FROM events WHERE position = 2`, 'event 3: the previous event is missing'],
  [
    'an event that was recorded before the one before it',
    `UPDATE events SET recorded_at = '2020-01-01' WHERE position = 5`,
    'event 5: its recording time is before that of the previous event',
  ],
  [
    'a row that was changed',
    `UPDATE order_view SET total = total + 1`,
    /^order_view ord_\S+: total is 1098, should be 1097$/,
  ],
  [
    'a row of a derived view that was changed',
    `UPDATE customer_order_view SET status = 'SHIPPED'`,
    /^customer_order_view ord_\S+: status is "SHIPPED", should be "DRAFT"$/,
  ],
  [
    'a row whose words were changed',
    `UPDATE customer_view SET search = '''grace'''`,
    /^customer_view cus_\S+: search is "'grace'", should be "'@ada' '@com' '@example' 'ada'"$/,
  ],
  ['a row that is missing', `DELETE FROM customer_view`, /^customer_view cus_\S+: the row is missing$/],
  [
    'a row without any event',
    `INSERT INTO product_view SELECT generation, 'prd_x', sku, name, price, currency, available, created_at, updated_at, version, position, hash FROM product_view LIMIT 1`,
    'product_view prd_x: no event created this row',
  ],
  [
    'a sum that was changed',
    `UPDATE customer_totals SET orders = orders + 1`,
    /^customer_totals cus_\S+ DRAFT XXX: orders is 2, should be 1$/,
  ],
  [
    'a sum that is missing',
    `DELETE FROM customer_totals`,
    /^customer_totals cus_\S+ DRAFT XXX: orders is 0, should be 1$/,
  ],
  [
    'a sum without any row',
    `INSERT INTO sales_by_day VALUES (1, 'EUR', '2026-11-21', 1, 2, 3)`,
    'sales_by_day EUR 2026-11-21: revenue is 3, should be 0',
  ],
])('%s is reported', async (_what, change, line) => {
  expect(await faultsAfter(change)).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
});

/** SQL that stores an event of an order as a superuser could, with a hash that fits. */
function stored(type: string, data: string): string {
  return `
    INSERT INTO events (position, hash, stream_type, stream_id, version, command_id, ordinal, command_hash, type,
      schema_version, data, metadata, occurred_at, recorded_at)
    SELECT 7, e.hash, e.stream_type, e.stream_id, 4, gen_random_uuid(), 1, e.command_hash, '${type}', 1,
      '${data}', e.metadata, e.occurred_at, (SELECT max(recorded_at) FROM events)
    FROM events e WHERE e.type = 'OrderCreated';
    UPDATE events e SET hash = event_hash((SELECT hash FROM events WHERE position = 6), e) WHERE position = 7;
    UPDATE checkpoints SET position = 7`;
}

test.each([
  ['OrderItemAdded', '{"nonsense": true}'],
  ['OrderItemAdded', '{"lineId": 1, "productName": 7, "quantity": "x"}'],
  ['OrderItemAdded', 'null'],
  ['OrderCreated', '{"number": 5}'],
  ['OrderShipped', '[]'],
  ['NoSuchEvent', '{}'],
])('an event that no fold accepts is a fault that names position, stream and view: %s %s', async (type, data) => {
  const lines = await faultsAfter(stored(type, data));
  if (type === 'OrderShipped') expect(lines).toContainEqual(expect.stringMatching(/^order_view ord_\S+: status is /));
  else expect(lines).toContainEqual(expect.stringMatching(/^order_view ord_\S+: event 7 can't be folded: [^\n]+$/));
  expect(lines.at(-1)).toMatch(/^7 events verified: [\d,]+ faults?$/);
});

test('whatever is changed in events and rows, each fault is a line, and none ends the command', async () => {
  const value = fc.constantFrom(
    '{}',
    '[]',
    'null',
    '"x"',
    '{"a": null}',
    '[null]',
    '[{}]',
    '{"quantity": "x"}',
    '-1',
    '1e400',
  );
  const json = fc.record({
    at: fc.constantFrom('events.data', 'events.personal', 'events.metadata', 'order_view.lines'),
    value,
  });
  const other = fc.constantFrom(
    `UPDATE order_view SET submitted_at = 'infinity', status = 'SUBMITTED'`,
    `UPDATE order_view SET currency = NULL, status = 'SUBMITTED'`,
    `UPDATE customer_totals SET spent = 'NaN'`,
    `UPDATE order_view SET hash = 'x', number = ''`,
    `UPDATE events SET type = 'OrderShipped' WHERE type = 'OrderItemAdded'`,
    `UPDATE events SET schema_version = 9 WHERE position = 3`,
    `UPDATE events SET occurred_at = 'infinity' WHERE position = 4`,
    `UPDATE order_view SET product_ids = '{}', search = NULL`,
  );
  const change = fc.oneof(
    json.map(({ at, value: to }) => {
      const [table, name] = at.split('.');
      return `UPDATE ${table} SET ${name} = '${to}'`;
    }),
    other,
  );
  const tables = ['events', 'order_view', 'customer_totals'];
  const each = (sql: (table: string) => string) => tables.map(sql).join(';');
  await onDatabase(real.url, client => client.query(each(table => `CREATE TABLE whole_${table} AS TABLE ${table}`)));
  const restored = each(table => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM whole_${table}`);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
      const lines = await faultsAfter([restored, ...changes].join(';'));
      expect(lines.at(-1)).toMatch(/^\d+ events verified: [\d,]+ faults?$/);
      for (const line of lines) expect(line).not.toMatch(/\n|^ {4}at /);
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

test('if anything differs the exit code is 1', async () => {
  await onDatabase(real.url, client => client.query(`UPDATE product_view SET available = false`));
  const { code, stdout } = await runCli('orderstream', ['verify'], { DATABASE_URL: real.url });
  expect(code).toBe(1);
  expect(stdout).toMatch(/\n6 events verified: 2 faults\n$/);
});

test('an unknown command prints one line with the known ones', async () => {
  const { code, stderr } = await runCli('orderstream', ['verfiy'], { DATABASE_URL: real.url });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'Name a task: npm run orderstream -- verify | status | parked | retry STREAM|all | skip STREAM [VERSION] | rebuild VIEW | abandon-rebuild | erase-customer [cus_…] | export FOLDER | import-log FOLDER | restore-check\n',
  });
});
