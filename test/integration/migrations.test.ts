import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations.ts';
import { onDatabase } from '../support/on-database.ts';
import { bareDatabase, type TestDatabase } from '../support/postgres.ts';
import { schemaDrift } from '../support/schema-drift.ts';

const names = (await readdir('prisma/migrations', { withFileTypes: true }))
  .flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  .sort();

/** Everything in a schema, as any role sees it. */
const tablesAndFunctions = `
  SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`;

describe('on PostgreSQL', () => {
  let bare: TestDatabase;
  beforeEach(async () => {
    bare = await bareDatabase();
  });
  afterEach(() => bare.drop());

  function ask(sql: string): Promise<Record<string, unknown>[]> {
    return onDatabase(bare.url, async client => (await client.query<Record<string, unknown>>(sql)).rows);
  }

  test('an empty database gets every migration once', async () => {
    expect(await migrate(bare.url)).toEqual(names);
    expect(await migrate(bare.url)).toEqual([]);
    expect(await ask('SELECT migration_name FROM _prisma_migrations ORDER BY 1')).toEqual(
      names.map(migration_name => ({ migration_name })),
    );
  });

  test('ten concurrent migrations all succeed, and one of them applies everything', async () => {
    const applied = await Promise.all(Array.from({ length: 10 }, () => migrate(bare.url)));
    expect(applied.flat()).toEqual(names);
    expect(await ask('SELECT count(*)::int AS count FROM _prisma_migrations')).toEqual([{ count: names.length }]);
  });

  test('a failed migration changes nothing, is named with its reason, and is retried the next time', async () => {
    const inTheWay = 'public_number(point bigint)';
    await ask(`CREATE FUNCTION ${inTheWay} RETURNS text RETURN ''`);
    const before = await ask(tablesAndFunctions);

    await expect(migrate(bare.url)).rejects.toThrow(
      `migration ${names[0]} failed, nothing was changed: function "public_number" already exists with same argument types`,
    );
    expect(await ask(tablesAndFunctions)).toEqual(before);

    await ask(`DROP FUNCTION ${inTheWay}`);
    expect(await migrate(bare.url)).toEqual(names);
  });

  describe('for a user without any tables', () => {
    const user = `orderstream_test_${randomBytes(4).toString('hex')}`;
    let url: string;
    beforeEach(async () => {
      await ask(`CREATE ROLE ${user} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
      url = Object.assign(new URL(bare.url), { username: user }).href;
    });
    afterEach(() => ask(`DROP ROLE ${user}`));

    test('migrating names the connection that it needs', async () => {
      await expect(migrate(url)).rejects.toThrow(
        /^migration failed, nothing was changed: .*permission denied for schema public: set DATABASE_MIGRATE_URL to the owner's connection$/,
      );
    });

    test('a start names the missing right', async () => {
      await migrate(bare.url);
      await expect(openDatabase({ databaseUrl: url, dataDir: '' })).rejects.toThrow(
        /^DATABASE_URL: the user may not read _prisma_migrations: GRANT SELECT on this table to the user$/,
      );
    });
  });

  test('a start on a database that is not migrated names the command to run', async () => {
    await expect(openDatabase({ databaseUrl: bare.url, dataDir: '' })).rejects.toThrow(
      /^the database is not migrated: run npm run db:migrate$/,
    );
  });

  test('a start on a database that a newer program has migrated reports that', async () => {
    await migrate(bare.url);
    await ask(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
               VALUES ('x', 'x', '29990101000000_later', now())`);
    await expect(openDatabase({ databaseUrl: bare.url, dataDir: '' })).rejects.toThrow(
      /^the database was migrated by a newer release \(it has 29990101000000_later\): start that release$/,
    );
  });
});

describe('on the embedded database', () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create();
  });
  afterAll(() => database.close());

  test('an empty one gets every migration once', async () => {
    expect(await migrate(database)).toEqual(names);
    expect(await migrate(database)).toEqual([]);
  });

  test('the migrations create what schema.prisma declares', async () => {
    expect(await schemaDrift(database)).toBe('');
  });

  test('a column that schema.prisma does not declare is found', async () => {
    await database.exec('ALTER TABLE customer_view ADD COLUMN unheard_of int');
    expect(await schemaDrift(database)).toContain('DROP COLUMN "unheard_of"');
  });
});
