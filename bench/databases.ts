import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Migrations from '../src/database/migrations.ts';
import { StartError } from '../src/start-error.ts';
import { databaseUrl, onDatabase } from '../test/support/on-database.ts';
import type { Run } from './bench.ts';
import { built } from './built.ts';

/**
 * Checks that there is a server that can run the benches.
 * @throws StartError
 */
export async function checkServer(adminUrl: string): Promise<void> {
  const superuser = `SELECT rolsuper AS is FROM pg_roles WHERE rolname = current_user`;
  try {
    const { rows } = await onDatabase(adminUrl, client => client.query<{ is: boolean }>(superuser));
    if (rows[0]?.is) return;
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(`BENCH_DATABASE_URL: no PostgreSQL lets us in (${message}): start one, or set another`);
  }
  throw new StartError("BENCH_DATABASE_URL: its user is no superuser, who alone may load auto_explain: set one's");
}

/** Makes an empty database for this run, on the server of all other databases of the run. @returns its URL */
export async function emptyDatabase({ adminUrl, closers }: Run): Promise<string> {
  const name = `orderstream_bench_${randomBytes(4).toString('hex')}`;
  await onDatabase(adminUrl, client => client.query(`create database ${name} template template0`));
  closers.push(() =>
    onDatabase(adminUrl, async client => {
      await client.query(`drop database if exists ${name} with (force)`);
    }),
  );
  return databaseUrl(adminUrl, name);
}

/** Makes a database with Orderstream's schema. */
export async function migratedDatabase(run: Run): Promise<string> {
  const url = await emptyDatabase(run);
  const { migrate } = await built<typeof Migrations>('database/migrations.js');
  await migrate(url);
  return url;
}

/**
 * Writes a checkpoint, so that no side pays for the writes of the other, and checks that commits wait for the disk.
 * @throws StartError if they do not: every figure would then mean something else
 */
export async function settled(url: string): Promise<void> {
  await onDatabase(url, async client => {
    for (const setting of ['fsync', 'synchronous_commit']) {
      const { rows } = await client.query<Record<string, string>>(`show ${setting}`);
      const value = rows[0]?.[setting];
      if (value !== 'on')
        throw new StartError(`BENCH_DATABASE_URL: its ${setting} is ${value}: turn it on, or set another`);
    }
    await client.query('checkpoint');
  });
}

/** Waits until the views reflect the whole log. @returns how long that took, s */
export async function projected(url: string): Promise<number> {
  const start = performance.now();
  await onDatabase(url, async client => {
    const caughtUp =
      'select (select max(position) from events) = (select position from checkpoints where live) as done';
    while (!(await client.query<{ done: boolean }>(caughtUp)).rows[0]?.done) await sleep(10);
  });
  return (performance.now() - start) / 1_000;
}
