#!/usr/bin/env node
// orderstream COMMAND: what operators ask of the database that DATABASE_URL or DATA_DIR names.
import { loadDatabaseConfig } from '../config.ts';
import { openDatabase } from '../database.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { verify } from './verify.ts';

/** Each answers whether all is well: the exit code says so. */
const commands: Readonly<Record<string, (source: ReadSource) => Promise<boolean>>> = {
  verify: source => verify(source, views),
};

async function run([name, ...more]: readonly string[]): Promise<boolean> {
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name];
  if (!command || more.length > 0) {
    throw new StartError(`Say what: npm run orderstream -- ${Object.keys(commands).join(' | ')}`);
  }
  const { database, close } = await openDatabase(loadDatabaseConfig(process.env));
  try {
    return await command({ database, types });
  } finally {
    await close();
  }
}

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}
