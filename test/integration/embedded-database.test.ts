import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifyDatabaseError, sqlState } from '../../src/database/database-error.ts';
import { type Database, openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { startChild, stopChild } from '../support/child.ts';
import { programArguments } from '../support/program.ts';

const scratch = await mkdtemp(join(tmpdir(), 'orderstream-embedded-'));
afterAll(() => rm(scratch, { recursive: true }));

function openIn(dataDir: string): Promise<OpenDatabase> {
  return openDatabase({ databaseUrl: undefined, dataDir });
}

describe('a transaction on the embedded database', () => {
  let open: OpenDatabase;
  let database: Database;
  beforeAll(async () => {
    open = await openIn(join(scratch, 'transactions'));
    ({ database } = open);
    await database.execute(sql`CREATE TABLE probe (
      id int PRIMARY KEY, parent int REFERENCES probe DEFERRABLE INITIALLY DEFERRED)`);
  });
  afterAll(() => open.close());

  test('that the database rejects at COMMIT is an error, and nothing of it is stored', async () => {
    const error: unknown = await database.models
      .$transaction(async inside => await inside.$executeRaw`INSERT INTO probe VALUES (1, 99)`)
      .catch((reason: unknown) => reason);
    expect({ what: classifyDatabaseError(error), state: sqlState(error) }).toEqual({
      what: 'definite',
      state: '23503',
    });
    expect(await database.query(sql`SELECT * FROM probe`)).toEqual([]);
  });

  test('that throws stores nothing, and the next one works', async () => {
    await expect(
      database.models.$transaction(async inside => {
        await inside.$executeRaw`INSERT INTO probe VALUES (2, null)`;
        throw new Error('ours');
      }),
    ).rejects.toThrow('ours');
    await database.models.$transaction(async inside => await inside.$executeRaw`INSERT INTO probe VALUES (3, null)`);
    expect(await database.query(sql`SELECT id FROM probe`)).toEqual([{ id: 3 }]);
  });

  test('has the requested isolation level, and the next one the default', async () => {
    const level = (isolationLevel?: 'Serializable') =>
      database.models.$transaction(
        async inside => await inside.$queryRaw`SELECT current_setting('transaction_isolation') AS level`,
        isolationLevel && { isolationLevel },
      );
    expect(await level('Serializable')).toEqual([{ level: 'serializable' }]);
    expect(await level()).toEqual([{ level: 'read committed' }]);
  });
});

describe('the folder of the embedded database', () => {
  test('is kept from one start to the next', async () => {
    const again = await openIn(join(scratch, 'transactions'));
    expect(await again.database.query(sql`SELECT id FROM probe`)).toEqual([{ id: 3 }]);
    await again.close();
  });

  test.each([
    ['while its files were created', 'database.new/global/pg_control'],
    ['while its tables were created', 'database'],
  ])('is complete for the next start if the first one was killed %s', async (_, reached) => {
    const dataDir = join(scratch, `killed at ${reached.replaceAll('/', ' ')}`);
    const first = startChild(process.execPath, programArguments('main'), {
      env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir },
    });
    await expect.poll(() => exists(join(dataDir, reached)), { interval: 1, timeout: 60_000 }).toBe(true);
    await stopChild(first, 'SIGKILL');

    const next = await openIn(dataDir);
    expect(await next.database.models.event.count()).toBe(0);
    await next.close();
    expect(await readdir(dataDir)).toEqual(['database']);
  });

  test('that contains something else is rejected by one line, and unlocked', async () => {
    const dataDir = join(scratch, 'else');
    await mkdir(join(dataDir, 'database'), { recursive: true });
    await writeFile(join(dataDir, 'database', 'PG_VERSION'), '12\n');
    await expect(openIn(dataDir)).rejects.toThrow(
      /^DATA_DIR: the database in .*\/else\/database can't be opened \(.+\): restore it, or set DATA_DIR to another folder$/,
    );
    expect(await readdir(dataDir)).toEqual(['database']);
  });
});

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
