#!/usr/bin/env node
// orderstream COMMAND: tasks of operators on the database that DATABASE_URL or DATA_DIR names.
import { loadDatabaseConfig, loadMigrateUrl } from '../config.ts';
import { openDatabase } from '../database/database.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import { UnknownEventError } from '../event-store/event-types.ts';
import { callerIdPrefix, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { type Command, explainError, runCommand } from './command-line.ts';
import { eraseNamedCustomer } from './erase-customer.ts';
import { printParked, retry } from './parked.ts';
import { abandonBegunRebuild, rebuildView } from './rebuild.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

interface Task {
  /** Arguments that are required after the task's name. */
  readonly takes: readonly string[];
  /** Text for `--help`. */
  readonly about: string;
  /** The task changes data that only the owner of the tables may change. */
  readonly asOwner?: true;
  /** @returns false for exit code 1 */
  readonly run: (source: ReadSource, embedded: boolean, ...given: string[]) => Promise<boolean>;
}

const tasks: Readonly<Record<string, Task>> = {
  verify: {
    takes: [],
    about:
      'Checks that the log is complete and unchanged, and each view row against its events. Exit code 1 after a fault.',
    run: source => verify(source, views),
  },
  status: {
    takes: [],
    about: 'Prints the position and state of each view. Exit code 1 if one has failed, or has parked streams.',
    run: ({ database }) => status(database, views),
  },
  parked: {
    takes: [],
    about: 'Lists the streams that the views cannot fold, with the error of each. Exit code 1 if there are any.',
    run: ({ database }) => printParked(database),
  },
  retry: {
    takes: ['STREAM|all'],
    about: 'Makes the projector retry a parked stream, or all of them, and waits for the result.',
    run: ({ database }, embedded, which = '') => retry(database, embedded, which),
  },
  rebuild: {
    takes: ['VIEW'],
    about: 'Folds the log again into a view and all views with the same checkpoint. Until then, the old rows are read.',
    run: (source, _embedded, name = '') => rebuildView(source.database, name),
  },
  'abandon-rebuild': {
    takes: [],
    about: 'Removes the rows of an unfinished rebuild.',
    run: ({ database }) => abandonBegunRebuild(database),
  },
  'erase-customer': {
    takes: [`${callerIdPrefix}_…`],
    about: "Erases a customer's personal data permanently, also in their orders, and waits until the views show it.",
    asOwner: true,
    run: ({ database }, embedded, customerId = '') => eraseNamedCustomer(database, embedded, customerId),
  },
};

const invocation = 'npm run orderstream --';
const place = `The database is the one that DATABASE_URL names, or else the embedded one in DATA_DIR, whose server must be stopped.
A task that only the owner of the tables may run uses DATABASE_MIGRATE_URL if it is set.`;

const wayOf = ([name, { takes }]: [string, Task]) => [name, ...takes].join(' ');

const overview = {
  usage: `${invocation} ${Object.entries(tasks).map(wayOf).join(' | ')}`,
  about: `${Object.entries(tasks)
    .map(entry => `  ${wayOf(entry).padEnd(20)}  ${entry[1].about}`)
    .join('\n')}\n\n${place}`,
};

/** Returns the command for the arguments: the named task, or the overview of all tasks if they name none. */
function commandOf(name: string | undefined): Command {
  const task = taskOf(name);
  if (name === undefined || task === undefined) return { ...overview, arguments: Infinity }; // run() reports the error
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
  if (!task || given.length !== task.takes.length) throw new StartError(`Name a task: ${overview.usage}`);
  const config = loadDatabaseConfig(process.env);
  const owner = task.asOwner && config.databaseUrl !== undefined ? loadMigrateUrl(process.env) : config.databaseUrl;
  const { database, embedded, close } = await openDatabase({ ...config, databaseUrl: owner });
  try {
    return await task.run({ database, types }, embedded, ...given);
  } finally {
    await close();
  }
}

const named = process.argv.slice(2).find(arg => !arg.startsWith('-'));
await runCommand(
  commandOf(named),
  async ({ positionals }) => ((await run(positionals)) ? 0 : 1),
  // An event type that this release does not know is not a bug of the program: the message says what to do.
  error => (error instanceof UnknownEventError ? error.message : explainError(error)),
);
