import { databaseUrl, onDatabase } from '../support/on-database.ts';
import type { Servers } from '../support/servers.ts';

/** Passes a migrated, empty database to `use`, and drops it. */
export async function onFreshDatabase<Result>(
  { postgres: { adminUrl, template } }: Servers,
  name: string,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const database = `${template}_${name}`;
  await onDatabase(adminUrl, client =>
    client.query(`create database ${database} template ${template} strategy file_copy`),
  );
  try {
    return await use(databaseUrl(adminUrl, database));
  } finally {
    await onDatabase(adminUrl, client => client.query(`drop database if exists ${database} with (force)`));
  }
}
