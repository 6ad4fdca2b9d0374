import { onDatabase } from '../../test/support/on-database.ts';
import { median, middleMean } from '../statistics.ts';
import type { Execution, ExplainedDatabase } from './explained.ts';
import { openNode } from './order-commands.ts';

/** The cost of a statement in one condition of the log. */
export interface Statement {
  /** Every plan that it used. */
  readonly plans: readonly string[];
  /** Median of the pages that an execution read. */
  readonly buffers: number;
  /** See Execution. */
  readonly descents: Readonly<Record<string, number>>;
  /** Mean of the middle half. */
  readonly milliseconds: number;
  readonly executions: number;
}

export interface Condition {
  readonly name: string;
  /** Costs by statement text. */
  readonly statements: Readonly<Record<string, Statement>>;
  /** Levels above the leaves, for each index of the log. */
  readonly levels: Readonly<Record<string, number>>;
}

/**
 * Runs two commands on each order, each by a node that has seen neither the order nor its product. The first ones are
 * not counted: they load the pages into memory, so that the result shows the size of the log and not a cold cache.
 */
export async function measureCondition(
  name: string,
  databaseUrl: string,
  { database, take }: ExplainedDatabase,
  orders: readonly number[],
): Promise<Condition> {
  for (const order of orders) await openNode(database)(order);
  take();
  for (const order of orders) await openNode(database)(order);
  const byText: Record<string, Execution[]> = {};
  for (const execution of take()) (byText[execution.text] ??= []).push(execution);
  const statements = Object.entries(byText).map(([text, executions]) => [text, statementOf(executions)] as const);
  return { name, statements: Object.fromEntries(statements), levels: await indexLevels(databaseUrl) };
}

function statementOf(executions: readonly Execution[]): Statement {
  return {
    plans: [...new Set(executions.map(({ plan }) => plan))].sort(),
    buffers: median(executions.map(({ buffers }) => buffers)),
    descents: executions[0]?.descents ?? {},
    milliseconds: middleMean(executions.map(({ milliseconds }) => milliseconds)),
    executions: executions.length,
  };
}

function indexLevels(databaseUrl: string): Promise<Record<string, number>> {
  return onDatabase(databaseUrl, async client => {
    const { rows } = await client.query<{ name: string; level: number }>(`
      SELECT indexrelid::regclass::text AS name, (bt_metap(indexrelid::regclass::text)).level::int
      FROM pg_index WHERE indrelid = 'events'::regclass ORDER BY 1`);
    return Object.fromEntries(rows.map(({ name, level }) => [name, level]));
  });
}
