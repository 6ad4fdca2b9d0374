import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, loadMigrateUrl } from '../../../src/config.ts';

interface Container {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly volumes?: readonly string[];
}

const folder = fileURLToPath(new URL('../../../deploy/compose/', import.meta.url));
const text = readFileSync(`${folder}docker-compose.yml`, 'utf8');
// With the schema `failsafe` each scalar is a text, as Compose passes it on.
const file = parse(text, { merge: true, schema: 'failsafe' }) as Record<string, Record<string, Container>>;
const containers = file['services'] ?? {};
const ours = Object.entries(containers).filter(([, { image }]) => image.startsWith('orderstream:'));
const serving = ours.filter(([name]) => name !== 'migrate');

const given: Readonly<Record<string, string>> = {
  OWNER_PASSWORD: 'owner-word',
  SERVING_PASSWORD: 'serving-word',
  REDIS_PASSWORD: 'redis-word',
  GRAFANA_PASSWORD: 'grafana-word',
  AUTH_JWT_SECRET: 'a secret of the tests, 32 bytes and more',
  AUTH_ISSUER: 'https://login.example.com',
  AUTH_AUDIENCE: 'orderstream',
};

/** Replaces variables as Compose does; throws if a required one is missing. */
function resolved(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{(\w+):([?-])([^}]*)\}/g, (_all, variable: string, sign: string, rest: string) => {
    if (sign === '?' && !variables[variable]) throw new Error(`${variable}: ${rest}`);
    return variables[variable] ?? rest;
  });
}

function environmentOf({ environment = {} }: Container, variables = given): Record<string, string> {
  const entries = Object.entries(environment).map(([name, value]) => [name, resolved(value, variables)]);
  return { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000', ...(Object.fromEntries(entries) as object) };
}

test.each(serving)('%s starts in production as the serving role, and has time to stop', (_name, container) => {
  const config = loadConfig(environmentOf(container));
  expect(config).toMatchObject({
    production: true,
    databaseUrl: 'postgresql://serving:serving-word@postgres:5432/orderstream',
    redis: { urls: ['redis://:redis-word@redis:6379'] },
  });
  expect(Number.parseInt(container.stop_grace_period!)).toBeGreaterThan(config.drainDelaySeconds + 25);
});

test('the API processes share an erasure list, in a volume that the user of the image may write', () => {
  const dockerfile = readFileSync(`${folder}../../Dockerfile`, 'utf8');
  const apis = serving.filter(([name]) => name.startsWith('api-'));
  expect(apis).toHaveLength(2);
  for (const [name, container] of apis) {
    const [volume, path] = container.volumes![0]!.split(':');
    expect(dirname(loadConfig(environmentOf(container)).erasureList!), name).toBe(path);
    expect(file['volumes'], name).toHaveProperty(volume!);
    // Only root may write to a new volume, unless the image has the folder.
    expect(path).toBe('/app/records');
    expect(dockerfile).toMatch(/^WORKDIR \/app\n(?:.*\n)*RUN mkdir --mode=777 records\n/m);
  }
});

test('only the migration and PostgreSQL itself see the password of the owner', () => {
  const seeing = Object.entries(containers).filter(([, one]) =>
    JSON.stringify(environmentOf(one)).includes('owner-word'),
  );
  expect(seeing.map(([name]) => name)).toEqual(['postgres', 'migrate']);
  expect(loadMigrateUrl(environmentOf(containers['migrate']!))).toContain('//orderstream:owner-word@');
});

describe('without a secret nothing starts, and the message names the secret', () => {
  test.each(Object.keys(given))('%s', name => {
    expect(() => resolved(text, { ...given, [name]: '' })).toThrow(`${name}: set it to`);
  });
});

test('every image has an exact version, and every file that a container mounts exists', () => {
  for (const [name, { image, volumes = [] }] of Object.entries(containers)) {
    expect(image, name).toMatch(/:v?\d+\.\d+(?:\.\d+)?$/);
    for (const file of volumes.map(one => one.split(':')[0]!).filter(one => one.startsWith('.'))) {
      expect(existsSync(folder + file), file).toBe(true);
    }
  }
});

test('the version of our image is that of the package', () => {
  const { version } = JSON.parse(readFileSync(`${folder}../../package.json`, 'utf8')) as { version: string };
  expect(ours.map(([, { image }]) => image)).toEqual(ours.map(() => `orderstream:${version}`));
});
