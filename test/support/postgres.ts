import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { databaseUrl, onDatabase } from './on-database.ts';
import { canaryPassword } from './run-log.ts';

/** A database for one test. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it, also while connections to it are open: they are cut. */
  drop(): Promise<void>;
}

/** A migrated, empty database: a clone of the one that was migrated at the start of the run. */
export function freshDatabase(): Promise<TestDatabase> {
  return createDatabase(inject('postgres').template);
}

/** A database without any table, for tests of the migrations. */
export function bareDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

/** A copy of a database, as a backup. The original must have no connection during the copy. */
export function cloneOf({ url }: TestDatabase): Promise<TestDatabase> {
  return createDatabase(new URL(url).pathname.slice(1));
}

/** A password that no server of the tests checks, and that no program may log. */
function withPassword(text: string): string {
  const url = new URL(text);
  url.password ||= canaryPassword;
  return url.href;
}

async function createDatabase(from: string): Promise<TestDatabase> {
  const { adminUrl, template } = inject('postgres');
  const name = `${template}_${randomBytes(4).toString('hex')}`;
  await onDatabase(adminUrl, client => client.query(`create database ${name} template ${from} strategy file_copy`));
  return {
    url: withPassword(databaseUrl(adminUrl, name)),
    drop: async () => {
      await onDatabase(adminUrl, client => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
