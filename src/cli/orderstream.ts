#!/usr/bin/env node
// orderstream COMMAND: tasks of operators on the database that DATABASE_URL or DATA_DIR names.
import { loadDatabaseConfig, loadMigrateUrl } from '../config.ts';
import { openDatabase } from '../database/database.ts';
import { UnknownEventError } from '../event-store/event-types.ts';
import { types } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { type Command, explainError, runCommand } from './command-line.ts';
import { jsonOption, printReport, type Report } from './report.ts';
import { type Task, type TaskCall, tasks } from './tasks.ts';

const invocation = 'npm run orderstream --';
const place = `The database is the one that DATABASE_URL names, or else the embedded one in DATA_DIR, whose server must be stopped.
A task that only the owner of the tables may run uses DATABASE_MIGRATE_URL if it is set.`;

const wayOf = ([name, { takes }]: [string, Task]) => [name, ...takes].join(' ');

const overview = {
  usage: `${invocation} ${Object.entries(tasks).map(wayOf).join(' | ')}`,
  about: `${Object.entries(tasks)
    .map(entry => `  ${wayOf(entry).padEnd(24)}  ${entry[1].about}`)
    .join('\n')}\n\n${place}`,
  options: jsonOption,
};

/** Returns the command for the arguments: the named task, or the overview of all tasks if they name none. */
function commandOf(name: string | undefined): Command {
  const task = taskOf(name);
  if (name === undefined || task === undefined) return { ...overview, arguments: Infinity }; // run() reports the error
  return {
    usage: `${invocation} ${wayOf([name, task])}`,
    about: [task.about, task.details, place].filter(text => text !== undefined).join('\n\n'),
    options: { ...task.options, ...jsonOption },
    arguments: 1 + task.takes.length,
  };
}

function taskOf(name: string | undefined): Task | undefined {
  return name !== undefined && Object.hasOwn(tasks, name) ? tasks[name] : undefined;
}

async function run([name, ...given]: readonly string[], options: TaskCall['options']): Promise<Report> {
  const task = taskOf(name);
  const required = task?.takes.filter(one => !one.startsWith('[')).length ?? 0;
  if (!task || given.length < required) throw new StartError(`Name a task: ${overview.usage}`);
  const config = loadDatabaseConfig(process.env);
  const owner = task.asOwner && config.databaseUrl !== undefined ? loadMigrateUrl(process.env) : config.databaseUrl;
  // A pooler and its settings are those of DATABASE_URL.
  const { database, embedded, close } = await openDatabase(
    owner === config.databaseUrl ? config : { databaseUrl: owner, dataDir: config.dataDir },
  );
  try {
    return await task.run({ source: { database, types }, embedded, given, options });
  } finally {
    await close();
  }
}

const named = process.argv.slice(2).find(arg => !arg.startsWith('-'));
await runCommand(
  commandOf(named),
  async ({ positionals, values }) => {
    const options = values as TaskCall['options'] & { readonly json?: boolean };
    return printReport(await run(positionals, options), options.json);
  },
  // An event type that this release does not know is not a bug of the program: the message says what to do.
  error => (error instanceof UnknownEventError ? error.message : explainError(error)),
);
