import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCallerSecrets, loadConfig, loadDatabaseConfig, loadMigration } from '../../../src/config.ts';
import { secretNames } from '../../../src/config/secret-files.ts';
import { settingTypos } from '../../../src/config/setting-typos.ts';

const folder = await mkdtemp(join(tmpdir(), 'orderstream-secrets-'));
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const serving = 'postgresql://serving:p%40ss@db.example.com/orders?sslmode=verify-full';
const owner = 'postgresql://owner@db.example.com/orders';
const secret = 's'.repeat(32);

test('each secret may be in a file, and a trailing line break does not belong to it', async () => {
  const config = loadConfig({
    AUTH_JWT_SECRET_FILE: await file('secret', `${secret}\n`),
    DATABASE_URL_FILE: await file('serving', `${serving}\r\n`),
    REDIS_URL_FILE: await file('redis', 'redis://:word@orders\n'),
    REDIS_SENTINELS_FILE: await file('sentinels', 'redis://:word@sentinel:26379\n'),
  });
  expect(config).toMatchObject({
    databaseUrl: serving,
    auth: { key: { type: 'secret', secrets: [secret] } },
    redis: { urls: ['redis://:word@orders'], sentinels: ['redis://:word@sentinel:26379'] },
  });
});

test('a migration reads the files of its two connections, and an operator’s command only that of its own', async () => {
  const env = { DATABASE_URL_FILE: await file('serving', serving), DATABASE_MIGRATE_URL_FILE: join(folder, 'missing') };
  expect(loadDatabaseConfig(env)).toMatchObject({ databaseUrl: serving });
  expect(() => loadMigration(env)).toThrow(/^DATABASE_MIGRATE_URL_FILE: \S+ can't be read \(ENOENT\): [^\n]+$/);
  const whole = { ...env, DATABASE_MIGRATE_URL_FILE: await file('owner', `${owner}\n`) };
  expect(loadMigration(whole)).toMatchObject({ ownerUrl: owner, servingUrl: serving });
});

test('commands that call the server find its secret and their tokens in files', async () => {
  const env = {
    AUTH_JWT_SECRET_FILE: await file('secrets', `${secret}\n${'o'.repeat(32)}\n`),
    STAFF_TOKEN_FILE: await file('staff', 'a.b.c\n'),
    CUSTOMER_TOKEN: 'd.e.f',
  };
  expect(loadCallerSecrets(env)).toMatchObject({ secret, staffToken: 'a.b.c', customerToken: 'd.e.f' });
});

describe('a file is refused with one line, which says nothing else is missing,', () => {
  test.each(['AUTH_JWT_SECRET', 'DATABASE_URL', 'REDIS_URL'] as const)('for %s', async name => {
    const empty = await file('empty', ' \n');
    const others = {
      ROLES: 'api',
      HOST: '0.0.0.0',
      AUTH_JWT_SECRET: secret,
      DATABASE_URL: serving,
      REDIS_URL: 'redis://h',
      REDIS_PREFIX: 'shop:',
    };
    const without = (path: string) => loadConfig({ ...others, [name]: undefined, [`${name}_FILE`]: path });
    expect(() => without(empty)).toThrow(new RegExp(`^${name}_FILE: ${empty} is empty: [^\n]+$`));
    expect(() => without(folder)).toThrow(new RegExp(`^${name}_FILE: ${folder} can't be read \\(EISDIR\\): [^\n]+$`));
    expect(() => loadConfig({ ...others, [`${name}_FILE`]: empty })).toThrow(
      new RegExp(`^${name}, ${name}_FILE: set one of them, not both$`),
    );
  });
});

test('a value of a file that is malformed is refused under the name of the setting, without any part of it', async () => {
  const path = await file('short', 'hunter2');
  expect(() => loadConfig({ AUTH_JWT_SECRET_FILE: path })).toThrow(/^AUTH_JWT_SECRET: must have 32 bytes or more$/);
});

test('the names of the files are settings, and no typing errors', () => {
  for (const name of secretNames) expect(settingTypos({ [`${name}_FILE`]: 'x' })).toEqual([]);
  expect(settingTypos({ AUTH_JWT_SECRET_FIEL: 'x' })).toEqual([
    'AUTH_JWT_SECRET_FIEL: is no key of this program: did you mean AUTH_JWT_SECRET_FILE?',
  ]);
});
