import type pg from 'pg';
import type { Database } from '../../src/database/database.ts';
import { Prisma } from '../../src/generated/prisma/client.ts';

/** How one statement was executed. */
export interface Plan {
  /** 8 KB pages that it read, cached or not. */
  readonly buffers: number;
  readonly milliseconds: number;
  /** Indexes that it used, each once. */
  readonly indexes: readonly string[];
  /** Tables that it read without an index, and how many rows of them. */
  readonly scanned: readonly { readonly table: string; readonly rows: number }[];
}

/** Records the statements that are sent while `run` runs. */
export async function statementsSent(
  database: Database,
  run: (database: Database) => Promise<unknown>,
): Promise<Prisma.Sql[]> {
  const sent: Prisma.Sql[] = [];
  const queryRaw = (strings: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): unknown => {
    sent.push('raw' in strings ? Prisma.sql(strings, ...values) : strings);
    return database.$queryRaw(strings, ...values);
  };
  await run(
    new Proxy(database, {
      get: (target, name) => (name === '$queryRaw' ? queryRaw : (Reflect.get(target, name) as unknown)),
    }),
  );
  return sent;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

/** Executes a statement, and reports how. */
export async function planOf(client: pg.Client, { text, values }: Prisma.Sql): Promise<Plan> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node; 'Execution Time': number }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    values,
  );
  const [{ Plan: root, 'Execution Time': milliseconds }] = rows[0]!['QUERY PLAN'];
  const nodes = [...below(root)];
  return {
    buffers: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
    milliseconds,
    indexes: [...new Set(nodes.flatMap(node => node['Index Name'] ?? []))],
    scanned: nodes
      .filter(node => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0)
      .map(node => ({
        table: node['Relation Name'] ?? '',
        rows: node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0),
      })),
  };
}

function* below(node: Node): Generator<Node> {
  yield node;
  for (const child of node.Plans ?? []) yield* below(child);
}
