// npm run import -- FILE: puts the order lines of a CSV file into the log, by the same commands as the API's.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openCommandBus } from '../commands/command-bus.ts';
import { loadDatabaseConfig } from '../config.ts';
import { openDatabase } from '../database.ts';
import { OutcomeUnknownError, UnavailableError } from '../event-store/appender.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { formatAmount } from '../money.ts';
import { deciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { catchUp } from './catch-up.ts';
import { importOrders, type Tally } from './import/import-orders.ts';
import { readOrders } from './import/read-orders.ts';
import { onInterrupt } from './on-interrupt.ts';
import { counted, grouped, openProgress } from './progress.ts';
import { readOnlyLine } from './read-only-line.ts';

const usage = 'npm run import -- FILE, for example npm run import -- orders.csv';

interface File {
  readonly path: string;
  /** Undefined where nobody knows yet: it is a pipe. */
  readonly bytes: number | undefined;
}

async function run(): Promise<number> {
  const file = await fileOf(process.argv.slice(2));
  const rows = await readOrders(createReadStream(file.path));
  const config = loadDatabaseConfig(process.env);
  const { database, embedded, close } = await openDatabase(config);
  try {
    const store = openEventStore(database, types, () => undefined);
    console.log(`importing ${file.path} into ${placeOf(config)}`);
    console.log('customers get an address at example.com, as the file has none');
    const start = performance.now();
    const interrupt = onInterrupt();
    const progress = openProgress(process.stdout, { what: 'order', total: file.bytes });
    const tally = await importOrders(rows, {
      handle: openCommandBus(store, deciders),
      correlationId: randomUUID(),
      report({ row, column, message }, consequence) {
        progress.say(() => {
          console.error(`row ${row}, column ${column}: ${message.replace(/\.$/, '')}; ${consequence}`);
        });
      },
      onSettled(orders, bytes) {
        progress.add(orders, bytes);
      },
      signal: interrupt.signal,
    }).finally(() => {
      progress.end();
    });
    const seconds = (performance.now() - start) / 1000;
    summarise(tally, seconds);
    if (embedded && !interrupt.signal.aborted) {
      // Nobody projects for an embedded database while it is not served, and the next start is to be a quick one.
      console.log('bringing the views up to date');
      await catchUp(database, store, views);
    } else console.log('the views show it as soon as a projector runs');
    if (interrupt.signal.aborted) console.log('stopped early: the same command goes on from here');
    return interrupt.signal.aborted ? 130 : tally.problems > 0 ? 1 : 0;
  } finally {
    await close();
  }
}

async function fileOf(given: string[]): Promise<File> {
  const { positionals } = parseArgs({ args: given, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name === undefined) throw new StartError(`Say which file: ${usage}`);
  if (more.length > 0) throw new StartError(`Only one file at a time: ${usage}`);
  // npm runs scripts in the package's folder, wherever it was called.
  const path = process.env['npm_lifecycle_event'] === 'import' ? resolve(process.env['INIT_CWD'] ?? '', name) : name;
  try {
    await access(path, constants.R_OK);
    const stats = await stat(path);
    if (stats.isDirectory()) throw new StartError(`${name} is a folder: name a CSV file in it`);
    return { path, bytes: stats.isFile() ? stats.size : undefined };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${name} can't be read (${(error as NodeJS.ErrnoException).code}): name a CSV file`);
  }
}

function placeOf({ databaseUrl, dataDir }: ReturnType<typeof loadDatabaseConfig>): string {
  if (databaseUrl === undefined) return `the database in ${dataDir}`;
  const { host, pathname } = new URL(databaseUrl);
  return `PostgreSQL at ${host}${pathname}`;
}

function summarise(tally: Tally, seconds: number): void {
  const { orders, units, totals, leftOut, problems, newCommands, storedCommands } = tally;
  const sums = [...totals].sort().map(([currency, total]) => `${grouped(formatAmount(total, currency))} ${currency}`);
  console.log([counted(orders, 'order'), counted(units, 'unit'), ...sums].join(', '));
  if (problems > 0) console.log(`left out: ${counted(leftOut, 'order')}, because of ${counted(problems, 'problem')}`);
  console.log(`commands: ${counted(newCommands)} new, ${counted(storedCommands)} stored before`);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  const rate = counted(Math.round(orders / Math.max(seconds, 0.001)));
  console.log(`${seconds.toFixed(1)} s, ${rate} orders/s, at most ${counted(memory)} MB of memory`);
}

function explain(error: unknown): string {
  if (error instanceof StartError) return error.message;
  if (error instanceof OutcomeUnknownError || error instanceof UnavailableError) {
    return `${error.message}: see that the database is there, and run the same command again; it goes on from here`;
  }
  const readOnly = readOnlyLine(error);
  if (readOnly !== undefined) return readOnly;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${message.split('\n', 1)[0]}: ${usage}`;
  return error instanceof Error ? (error.stack ?? message) : String(error);
}

try {
  process.exitCode = await run();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
