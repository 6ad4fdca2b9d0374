#!/usr/bin/env node
// orderstream COMMAND: what operators ask of the database that DATABASE_URL or DATA_DIR names.
import { loadDatabaseConfig, loadMigrateUrl } from '../config.ts';
import { openDatabase } from '../database/database.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import { UnknownEventError } from '../event-store/event-types.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { type Command, explainError, runCommand } from './command-line.ts';
import { eraseNamedCustomer } from './erase-customer.ts';
import { printParked, retry } from './parked.ts';
import { abandonBegunRebuild, rebuildView } from './rebuild.ts';
import { prepared } from '../projections/prepared.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

interface Task {
  /** What has to be given after the command's name. */
  readonly takes: readonly string[];
  /** For `--help`. */
  readonly about: string;
  /** It changes what only the tables' owner may change. */
  readonly asOwner?: true;
  /** @returns whether all is well: the exit code says so */
  readonly run: (source: ReadSource, embedded: boolean, ...given: string[]) => Promise<boolean>;
}

const tasks: Readonly<Record<string, Task>> = {
  verify: {
    takes: [],
    about: 'Checks that the log is whole, and that each row of the views is what its events say. Exit code 1 if not.',
    run: source => verify(source, views),
  },
  status: {
    takes: [],
    about: 'Prints how far each view has followed the log. Exit code 1 if one is held up or has parked streams.',
    run: ({ database }) => status(database, views),
  },
  parked: {
    takes: [],
    about: 'Lists the streams that the views can not fold, with the error of each. Exit code 1 if there are any.',
    run: ({ database }) => printParked(database),
  },
  retry: {
    takes: ['STREAM|all'],
    about: 'Has the projector try a parked stream again, or all of them, and waits until it has.',
    run: ({ database }, embedded, which = '') => retry(database, embedded, which),
  },
  rebuild: {
    takes: ['VIEW'],
    about: 'Folds the log anew into a view and those that share its checkpoint, while the old rows are still read.',
    run: (source, _embedded, name = '') => rebuildView(prepared(source.database, source.lookUp), name),
  },
  'abandon-rebuild': {
    takes: [],
    about: 'Removes the rows of a rebuild that is not finished.',
    run: ({ database }) => abandonBegunRebuild(database),
  },
  'erase-customer': {
    takes: ['cus_…'],
    about: "Erases a customer's personal data for good, with that in their orders, and waits until the views show it.",
    asOwner: true,
    run: ({ database }, embedded, customerId = '') => eraseNamedCustomer(database, embedded, customerId),
  },
};

const invocation = 'npm run orderstream --';
const place = `The database is the one that DATABASE_URL names, or else the embedded one in DATA_DIR, whose server has to be stopped.
A task that changes what only the owner may change uses DATABASE_MIGRATE_URL if it is set.`;

const wayOf = ([name, { takes }]: [string, Task]) => [name, ...takes].join(' ');

const overview = {
  usage: `${invocation} ${Object.entries(tasks).map(wayOf).join(' | ')}`,
  about: `${Object.entries(tasks)
    .map(entry => `  ${wayOf(entry).padEnd(20)}  ${entry[1].about}`)
    .join('\n')}\n\n${place}`,
};

/** The command that the arguments name: a task of its own, or, if they name none, what lists all tasks. */
function commandOf(name: string | undefined): Command {
  const task = taskOf(name);
  if (name === undefined || task === undefined) return { ...overview, arguments: Infinity }; // run() names the tasks
  return {
    usage: `${invocation} ${wayOf([name, task])}`,
    about: `${task.about}\n\n${place}`,
    arguments: 1 + task.takes.length,
  };
}

function taskOf(name: string | undefined): Task | undefined {
  return name !== undefined && Object.hasOwn(tasks, name) ? tasks[name] : undefined;
}

async function run([name, ...given]: readonly string[]): Promise<boolean> {
  const task = taskOf(name);
  if (!task || given.length !== task.takes.length) throw new StartError(`Say what: ${overview.usage}`);
  const config = loadDatabaseConfig(process.env);
  const owner = task.asOwner && config.databaseUrl !== undefined ? loadMigrateUrl(process.env) : config.databaseUrl;
  const { database, lookUp, embedded, close } = await openDatabase({ ...config, databaseUrl: owner });
  try {
    return await task.run({ database, lookUp, types }, embedded, ...given);
  } finally {
    await close();
  }
}

const named = process.argv.slice(2).find(arg => !arg.startsWith('-'));
await runCommand(
  commandOf(named),
  async ({ positionals }) => ((await run(positionals)) ? 0 : 1),
  // An event that this release does not know is no fault of the program: the message says what to do.
  error => (error instanceof UnknownEventError ? error.message : explainError(error)),
);
