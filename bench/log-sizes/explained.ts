import pg from 'pg';
import type * as DatabasePart from '../../src/database/database.ts';
import { built } from '../built.ts';

/** One execution of a statement, as PostgreSQL reports it. */
export interface Execution {
  readonly text: string;
  /** The nodes of its plan and their indexes, e.g. `Limit ← Index Scan using events_stream`. */
  readonly plan: string;
  /** Pages read, cached or not. */
  readonly buffers: number;
  /**
   * How often it descended from the root of an index to a leaf, by index; `everyIndex` for inserts, which descend all
   * of them. For a function call: those of its inner statements.
   */
  readonly descents: Readonly<Record<string, number>>;
  /** Without planning, network and commit. */
  readonly milliseconds: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Scan Direction'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Loops': number;
  readonly 'Actual Rows': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

// Set at the start of the session. They make PostgreSQL send the plan of each statement to the client and not to the
// server's log, inner statements of functions included.
const settings = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off', // timing each node costs more than the node itself
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
  timezone: 'UTC',
};

/** The program's database on one connection that reports every statement. */
export interface ExplainedDatabase {
  readonly database: DatabasePart.Database;
  /** Executions that touched a table since the last call. */
  readonly take: () => Execution[];
  close(): Promise<void>;
}

export async function explainedDatabase(connectionString: string): Promise<ExplainedDatabase> {
  const { databaseOn } = await built<typeof DatabasePart>('database/database.js');
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const pool = new pg.Pool({ connectionString, options, max: 1, idleTimeoutMillis: 0 });
  let executions: Execution[] = [];
  /** Inner executions of the function whose own report comes next. */
  let inside: Readonly<Record<string, number>> = {};
  pool.on('connect', client => {
    client.on('notice', ({ message = '' }) => {
      const execution = parseNotice(message);
      if (!execution) return;
      const isCall = execution.plan === 'Result';
      executions.push(isCall ? { ...execution, descents: inside } : execution);
      inside = isCall ? {} : sumOf(inside, execution.descents);
    });
  });
  return {
    database: databaseOn({ query: pool, lookUp: pool }),
    take() {
      const taken = executions;
      executions = [];
      inside = {};
      return taken;
    },
    close: () => pool.end(),
  };
}

/** Undefined if the notice is about something else, or about an expression that touches no table. */
function parseNotice(message: string): Execution | undefined {
  const [, milliseconds, json] = /^duration: ([\d.]+) ms {2}plan:\s*(\{[^]*\})$/.exec(message.trim()) ?? [];
  if (milliseconds === undefined || json === undefined) return undefined;
  const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
  const buffers = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  if (buffers === 0) return undefined;
  return {
    text: text.replaceAll(/\s+/g, ' ').trim(),
    plan: planOf(plan),
    buffers,
    descents: descentsOf(plan),
    milliseconds: Number(milliseconds),
  };
}

/** Placeholder for each index of the log: a stored row goes into all of them. */
export const everyIndex = '*';

function descentsOf(node: PlanNode): Record<string, number> {
  const { 'Index Name': index, 'Actual Loops': loops, Plans = [] } = node;
  const descents: Record<string, number> = index === undefined ? {} : { [index]: loops };
  if (node['Node Type'] === 'ModifyTable' && node['Relation Name'] === 'events') {
    descents[everyIndex] = Plans.reduce((rows, plan) => rows + plan['Actual Rows'], 0);
  }
  return Plans.map(descentsOf).reduce(sumOf, descents);
}

function sumOf(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  const sum = { ...one };
  for (const [name, times] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + times;
  return sum;
}

function planOf(node: PlanNode): string {
  const {
    'Node Type': type,
    'Scan Direction': direction,
    'Index Name': index,
    'Relation Name': table,
    Plans = [],
  } = node;
  const on = index === undefined ? table && ` on ${table}` : ` using ${index}`;
  const self = `${type}${direction === 'Backward' ? ' Backward' : ''}${on ?? ''}`;
  if (Plans.length === 0) return self;
  const [only, ...more] = Plans.map(planOf);
  return more.length === 0 ? `${self} ← ${only}` : `${self} ← (${[only, ...more].join(' | ')})`;
}
