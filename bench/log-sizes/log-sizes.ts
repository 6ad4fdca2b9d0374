import type * as DatabasePart from '../../src/database/database.ts';
import { onDatabase } from '../../test/support/on-database.ts';
import type { Bench, Run } from '../bench.ts';
import { built } from '../built.ts';
import { migratedDatabase, settled } from '../databases.ts';
import { barsOf, tableOf } from './compare.ts';
import { type Condition, measureCondition } from './condition.ts';
import { type ExplainedDatabase, explainedDatabase } from './explained.ts';
import { fillLog, ordersIn } from './fill-log.ts';
import { openNode } from './order-commands.ts';

/** Events that are stored while another session holds the old snapshot. */
const meanwhile = 5_000;
/** Orders that get these events: few, so that their streams grow long and their snapshots are replaced. */
const busyOrders = 16;

/**
 * Plan, pages and time of each statement that a command on an unknown order runs, as the log grows: with the
 * statistics of an empty log, with correct ones, and while another session holds an old snapshot.
 */
export const logSizes: Bench = async run => {
  const databaseUrl = await migratedDatabase(run);
  await onDatabase(databaseUrl, async client => {
    await client.query('CREATE EXTENSION pageinspect');
    // Autovacuum runs at unpredictable times, and each condition must be what its name says.
    for (const table of ['events', 'customer_keys', 'snapshots']) {
      await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    }
  });
  const explained = await explainedDatabase(databaseUrl);
  run.closers.push(() => explained.close());
  const conditions: Condition[] = [];
  let orders = 0;
  for (const size of run.scale.logSizes) {
    const before = orders;
    orders = ordersIn(size);
    await onDatabase(databaseUrl, client => fillLog(client, before, orders));
    run.say(`${size.toLocaleString('en')} events are stored`);
    conditions.push(...(await atThisSize(run, databaseUrl, explained, { size, from: before, to: orders })));
  }
  for (const line of tableOf(conditions)) run.say(line);
  return { figures: { conditions }, bars: barsOf(conditions) };
};

async function atThisSize(
  run: Run,
  databaseUrl: string,
  explained: ExplainedDatabase,
  { size, from, to }: { size: number; from: number; to: number },
): Promise<Condition[]> {
  // Each condition has its own orders, all with the same number of events.
  const untouched = shuffled(Array.from({ length: to - from }, (_, n) => from + n));
  const conditions: Condition[] = [];
  const measure = async (what: string): Promise<void> => {
    await settled(databaseUrl);
    const orders = untouched.splice(0, run.scale.samples);
    const name = `${size.toLocaleString('en')} events, ${what}`;
    conditions.push(await measureCondition(name, databaseUrl, explained, orders));
  };

  await measure('not analysed since');
  await onDatabase(databaseUrl, client => client.query('VACUUM ANALYZE'));
  await measure('analysed');
  await onDatabase(databaseUrl, async client => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT FROM events LIMIT 1'); // takes the snapshot
    await storeMore(databaseUrl, untouched.splice(0, busyOrders));
    await measure('an old snapshot open');
  });
  return conditions;
}

async function storeMore(databaseUrl: string, orders: readonly number[]): Promise<void> {
  const { openDatabase } = await built<typeof DatabasePart>('database/database.js');
  const { database, close } = await openDatabase({ databaseUrl, dataDir: '' });
  const addItem = openNode(database);
  const addItems = async (order: number): Promise<void> => {
    for (let n = 0; n < meanwhile / orders.length; n++) await addItem(order);
  };
  await Promise.all(orders.map(addItems));
  await close();
}

function shuffled(numbers: readonly number[]): number[] {
  return numbers
    .map(number => [Math.random(), number] as const)
    .sort(([one], [other]) => one - other)
    .map(([, number]) => number);
}
