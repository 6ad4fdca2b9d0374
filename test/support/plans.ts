import pg from 'pg';
import { type Database, lookUpSettings } from '../../src/database/database.ts';
import type { Query, Statement } from '../../src/database/sql.ts';

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

/** A statement, and whether it was sent as a look-up. */
export interface Sent extends Statement {
  readonly isLookUp: boolean;
}

/** Records the statements that are sent while `run` runs. */
export async function statementsSent(
  database: Database,
  run: (database: Database) => Promise<unknown>,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  const recorded =
    (send: Query, isLookUp: boolean): Query =>
    statement => {
      sent.push({ text: statement.text, values: statement.values, isLookUp });
      return send(statement);
    };
  await run({ ...database, query: recorded(database.query, false), lookUp: recorded(database.lookUp, true) });
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

type Explained = { 'QUERY PLAN': [{ Plan: Node; 'Execution Time': number }] };

/** Executes a statement as the sessions do that it is sent to, and reports how. */
export async function planOf(client: pg.Client, sent: Sent): Promise<Plan> {
  const explain = 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)';
  const { rows } = sent.isLookUp
    ? await inLookUpSession(client, explain, sent)
    : await client.query<Explained>(`${explain} ${sent.text}`, sent.values);
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

/** Prepared, with the generic plan of a session that only finds rows by key. */
async function inLookUpSession(
  client: pg.Client,
  explain: string,
  { text, values }: Sent,
): Promise<pg.QueryResult<Explained>> {
  await client.query('BEGIN');
  try {
    for (const setting of lookUpSettings) await client.query(`SET LOCAL ${setting}`);
    await client.query(`PREPARE look_up AS ${text}`);
    const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
    return await client.query<Explained>(`${explain} EXECUTE look_up${given}`);
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
  }
}

function literal(value: unknown): string {
  if (value == null) return 'NULL';
  if (!Array.isArray(value)) return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
  return pg.escapeLiteral(`{${value.map(one => JSON.stringify(one)).join(',')}}`);
}

function* below(node: Node): Generator<Node> {
  yield node;
  for (const child of node.Plans ?? []) yield* below(child);
}
