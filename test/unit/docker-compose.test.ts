import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, loadMigrateUrl } from '../../src/config.ts';

interface Container {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly command?: readonly string[];
}

const text = readFileSync(fileURLToPath(new URL('../../docker-compose.yml', import.meta.url)), 'utf8');
// With the schema `failsafe` each scalar is a text, as Compose passes it on.
const file = parse(text, { merge: true, schema: 'failsafe' }) as Record<string, Record<string, Container>>;
const containers = file['services'] ?? {};
const ours = Object.entries(containers).filter(([, { image }]) => image === 'orderstream');

const given: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: 'secret-word',
  AUTH_JWT_SECRET: 'a secret of the tests, 32 bytes and more',
  AUTH_ISSUER: 'https://login.example.com',
  AUTH_AUDIENCE: 'orderstream',
};

/** The environment of a container's process, with the image's defaults; throws if a required variable is missing. */
function environmentOf({ environment = {} }: Container, variables: Readonly<Record<string, string>> = given) {
  const values = Object.entries(environment).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{(\w+):([?-])([^}]*)\}/g, (_all, variable: string, sign: string, rest: string) => {
      if (sign === '?' && !variables[variable]) throw new Error(`${variable}: ${rest}`);
      return variables[variable] ?? rest;
    }),
  ]);
  return { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000', ...(Object.fromEntries(values) as object) };
}

test('it has PostgreSQL, Redis, a migration, two API processes and a projector', () => {
  expect(Object.keys(containers)).toEqual(['postgres', 'redis', 'migrate', 'api-1', 'api-2', 'projector']);
  const roles = ours.map(([name, container]) => [name, container.environment?.['ROLES']]);
  expect(roles).toEqual([
    ['migrate', undefined],
    ['api-1', 'api'],
    ['api-2', 'api'],
    ['projector', 'projector'],
  ]);
});

test.each(ours.filter(([name]) => name !== 'migrate'))(
  '%s starts in production with its given configuration',
  (_name, container) => {
    const config = loadConfig(environmentOf(container));
    expect(config).toMatchObject({
      production: true,
      databaseUrl: 'postgresql://serving:secret-word@postgres:5432/orderstream',
      redis: { urls: ['redis://redis:6379'] },
      auth: { key: { type: 'secret' } },
    });
  },
);

test('the migration connects as the owner of the tables, and no other container knows that connection', () => {
  const { migrate, ...others } = containers;
  expect(migrate?.command).toEqual(['node', 'dist/cli/migrate.js']);
  expect(loadMigrateUrl(environmentOf(migrate!))).toBe(
    'postgresql://orderstream:secret-word@postgres:5432/orderstream',
  );
  for (const { environment = {} } of Object.values(others))
    expect(environment).not.toHaveProperty('DATABASE_MIGRATE_URL');
});

describe('without a secret nothing starts, and the message names the secret', () => {
  test.each(Object.keys(given))('%s', name => {
    const those = name === 'POSTGRES_PASSWORD' ? Object.entries(containers) : ours;
    for (const [, container] of those.filter(([, { environment }]) => environment)) {
      expect(() => environmentOf(container, { ...given, [name]: '' })).toThrow(`${name}: set it to`);
    }
  });
});

test('each service waits until the services that it depends on are healthy, and each one has a health check', () => {
  for (const [name, { depends_on: waitsFor = {} }] of Object.entries(containers)) {
    for (const [other, { condition }] of Object.entries(waitsFor)) {
      expect([name, other, condition]).toEqual([
        name,
        other,
        other === 'migrate' ? 'service_completed_successfully' : 'service_healthy',
      ]);
    }
  }
  expect(containers['postgres']?.healthcheck?.test?.[1]).toBe('pg_isready');
  expect(containers['redis']?.healthcheck?.test).toEqual(['CMD', 'redis-cli', 'ping']);
  // The image's own HEALTHCHECK uses HTTP.
  const unasked = ours.filter(([, { healthcheck }]) => healthcheck?.disable === 'true').map(([name]) => name);
  expect(unasked).toEqual(['migrate']);
});
