// npm run import -- FILE: imports the order lines of a CSV file by the same commands as the API.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openCommandBus } from '../commands/command-bus.ts';
import { loadDatabaseConfig } from '../config.ts';
import { postgresServers } from '../config/postgres-servers.ts';
import { openDatabase } from '../database/database.ts';
import { OutcomeUnknownError, UnavailableError } from '../event-store/appender.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { formatAmount } from '../money.ts';
import { productDecider } from '../product/decider.ts';
import { deciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { catchUp } from './catch-up.ts';
import { explainError, runCommand } from './command-line.ts';
import { givenPath } from './given-path.ts';
import { importOrders, type Tally } from './import/import-orders.ts';
import { readOrders } from './import/read-orders.ts';
import { onInterrupt } from './on-interrupt.ts';
import { counted, grouped, openProgress } from './progress.ts';
import { jsonOption, printReport, sideLine } from './report.ts';

const command = {
  usage: 'npm run import -- FILE, for example npm run import -- orders.csv',
  about: `Imports the order lines of a CSV file into the log of the database that DATABASE_URL names, or else of the embedded one
in DATA_DIR, whose server must be stopped. If it was interrupted, run it again: nothing is stored twice.

The file has one row per order line, with the columns order_reference, customer_reference, customer_name, product_sku,
product_name, quantity, unit_price, currency, ordered_at, shipped_at and carrier.`,
  arguments: Infinity, // pathOf() checks the number
  options: jsonOption,
};

interface File {
  readonly path: string;
  readonly bytes: number;
  /** Removes the file if it is a temporary copy. */
  readonly close: () => Promise<void>;
}

async function run(given: readonly string[], asJson: boolean | undefined): Promise<number> {
  const path = await pathOf(given);
  const file = await fileAt(path);
  try {
    return await runOn(path, file, asJson);
  } finally {
    await file.close();
  }
}

async function runOn(name: string, file: File, asJson: boolean | undefined): Promise<number> {
  const rows = await readOrders(() => createReadStream(file.path));
  const config = loadDatabaseConfig(process.env);
  const { database, embedded, close } = await openDatabase(config);
  try {
    const store = openEventStore(database, types, () => undefined);
    const print = sideLine(asJson);
    print(`importing ${name} into ${placeOf(config)}`);
    print('the file has no e-mail addresses: customers get one at example.com');
    const start = performance.now();
    const interrupt = onInterrupt();
    const progress = openProgress(asJson ? process.stderr : process.stdout, { what: 'order', total: file.bytes });
    const tally = await importOrders(rows, {
      handle: openCommandBus(store, deciders),
      isProduct: async streamId => {
        const { events } = await store.readStream({ streamType: productDecider.streamType, streamId });
        return events.length > 0;
      },
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
    for (const line of summaryOf(tally, seconds)) print(line);
    if (embedded && !interrupt.signal.aborted) {
      // No projector runs for an embedded database without a server, and the next start should be fast.
      print('bringing the views up to date');
      await catchUp(database, store, views);
    } else print('the views show the orders when a server runs');
    const { aborted } = interrupt.signal;
    if (aborted) print('stopped early: run the same command again to continue');
    const ok = !aborted && tally.problems === 0;
    if (asJson) printReport({ ok, lines: [], value: { ...valueOf(tally), complete: !aborted } }, asJson);
    return aborted ? 130 : ok ? 0 : 1;
  } finally {
    await close();
  }
}

async function pathOf([name, ...more]: readonly string[]): Promise<string> {
  if (name === undefined) throw new StartError(`Name a file: ${command.usage}`);
  if (more.length > 0) throw new StartError(`Only one file at a time: ${command.usage}`);
  const path = givenPath('import', name);
  try {
    await access(path, constants.R_OK);
    if ((await stat(path)).isDirectory()) throw new StartError(`${name} is a folder: name a CSV file in it`);
    return path;
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${name} can't be read (${(error as NodeJS.ErrnoException).code}): name a CSV file`);
  }
}

/**
 * Returns the file to read. The import reads it twice, so input from a pipe (`/dev/stdin`) is copied to a temporary
 * file first.
 */
async function fileAt(path: string): Promise<File> {
  const stats = await stat(path);
  if (stats.isFile()) return { path, bytes: stats.size, close: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-import-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'orders.csv');
    await pipeline(createReadStream(path), createWriteStream(copy, { mode: 0o600 }));
    return { path: copy, bytes: (await stat(copy)).size, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function placeOf({ databaseUrl, dataDir }: ReturnType<typeof loadDatabaseConfig>): string {
  if (databaseUrl === undefined) return `the database in ${dataDir}`;
  const urls = postgresServers(databaseUrl).urls.map(url => new URL(url));
  return `PostgreSQL at ${urls.map(({ host }) => host).join(',')}${urls[0]?.pathname}`;
}

function summaryOf(tally: Tally, seconds: number): string[] {
  const { orders, units, totals, leftOut, problems, newCommands, storedCommands } = tally;
  const sums = [...totals].sort().map(([currency, total]) => `${grouped(formatAmount(total, currency))} ${currency}`);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  const rate = counted(Math.round(orders / Math.max(seconds, 0.001)));
  return [
    [counted(orders, 'order'), counted(units, 'unit'), ...sums].join(', '),
    ...(problems > 0 ? [`left out: ${counted(leftOut, 'order')}, because of ${counted(problems, 'problem')}`] : []),
    `commands: ${counted(newCommands)} new, ${counted(storedCommands)} stored before`,
    `${seconds.toFixed(1)} s, ${rate} orders/s, at most ${counted(memory)} MB of memory`,
  ];
}

function valueOf({ totals, ...counts }: Tally): object {
  const sums = [...totals].sort().map(([currency, total]) => ({ currency, amount: formatAmount(total, currency) }));
  return { ...counts, totals: sums };
}

function explain(error: unknown): string {
  if (error instanceof OutcomeUnknownError || error instanceof UnavailableError) {
    return `${error.message}: check that the database is available, and run the same command again: it continues where it stopped`;
  }
  return explainError(error);
}

await runCommand(command, ({ positionals, values }) => run(positionals, values.json), explain);
