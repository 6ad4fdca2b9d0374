#!/usr/bin/env node
// orderstream COMMAND: what operators ask of the database that DATABASE_URL or DATA_DIR names.
import { loadDatabaseConfig, loadMigrateUrl } from '../config.ts';
import { openDatabase } from '../database.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { eraseNamedCustomer } from './erase-customer.ts';
import { printParked, retry } from './parked.ts';
import { abandonBegunRebuild, rebuildView } from './rebuild.ts';
import { prepared } from '../projections/prepared.ts';
import { readOnlyLine } from './read-only-line.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

interface Command {
  /** What has to stand behind the command's name, for people. */
  readonly takes: readonly string[];
  /** It changes what only the tables' owner may change. */
  readonly asOwner?: true;
  /** @returns whether all is well: the exit code says so */
  readonly run: (source: ReadSource, embedded: boolean, ...given: string[]) => Promise<boolean>;
}

const commands: Readonly<Record<string, Command>> = {
  verify: { takes: [], run: source => verify(source, views) },
  status: { takes: [], run: ({ database }) => status(database, views) },
  parked: { takes: [], run: ({ database }) => printParked(database) },
  retry: { takes: ['STREAM|all'], run: ({ database }, embedded, which = '') => retry(database, embedded, which) },
  rebuild: {
    takes: ['VIEW'],
    run: (source, _embedded, name = '') => rebuildView(prepared(source.database, source.lookUp), name),
  },
  'abandon-rebuild': { takes: [], run: ({ database }) => abandonBegunRebuild(database) },
  'erase-customer': {
    takes: ['cus_…'],
    asOwner: true,
    run: ({ database }, embedded, customerId = '') => eraseNamedCustomer(database, embedded, customerId),
  },
};

async function run([name, ...given]: readonly string[]): Promise<boolean> {
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name];
  if (!command || given.length !== command.takes.length) {
    const ways = Object.entries(commands).map(([known, { takes }]) => [known, ...takes].join(' '));
    throw new StartError(`Say what: npm run orderstream -- ${ways.join(' | ')}`);
  }
  const config = loadDatabaseConfig(process.env);
  const owner = command.asOwner && config.databaseUrl !== undefined ? loadMigrateUrl(process.env) : config.databaseUrl;
  const { database, lookUp, embedded, close } = await openDatabase({ ...config, databaseUrl: owner });
  try {
    return await command.run({ database, lookUp, types }, embedded, ...given);
  } finally {
    await close();
  }
}

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof StartError ? error.message : (readOnlyLine(error) ?? error));
  process.exitCode = 1;
}
