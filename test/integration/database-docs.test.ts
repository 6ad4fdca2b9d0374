// The SQL of docs/operating/database.md.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { roleSettings } from '../../src/database/session-settings.ts';
import { onDatabase } from '../support/on-database.ts';
import { createdOrder, productOnSale, registeredCustomer } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const blocks = [...readFileSync('docs/operating/database.md', 'utf8').matchAll(/^```sql\n([^]*?)\n```$/gm)].map(
  ([, block = '']) => block,
);
const [, alterations = '', ...queries] = blocks;

test('the settings that a superuser gives the role are those that a process behind a pooler needs', () => {
  const expected = roleSettings(undefined).map(([name, value]) => `ALTER ROLE serving SET ${name} TO '${value}';`);
  expect(alterations.split('\n')).toEqual(expected);
});

const opened = useNode();

test('an operator can ask each of the queries', async () => {
  const { node, database } = opened;
  const customerId = await registeredCustomer(node);
  const productId = await productOnSale(node);
  await createdOrder(node, customerId, { items: [{ productId, quantity: 2 }] });
  expect(queries).toHaveLength(4);
  for (const query of queries) {
    const { rows } = await onDatabase(database.url, client => client.query<Record<string, unknown>>(query));
    expect(rows.length).toBeGreaterThan(0);
    if (query.includes('log_bytes_an_order')) expect(Number(rows[0]!['log_bytes_an_order'])).toBeGreaterThan(100);
  }
});
