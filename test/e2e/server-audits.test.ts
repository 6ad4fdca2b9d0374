import { auditServer } from 'graphql-http';
import type { Plugin } from 'graphql-yoga';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { staffToken } from '../support/tokens.ts';

const { plugins } = vi.hoisted(() => ({ plugins: [] as Plugin[] }));
vi.mock('../../src/server/plugins.ts', () => ({ plugins }));

let database: TestDatabase;
let app: TestApp;
let appWithPlugin: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await startApp({ DATABASE_URL: database.url });
  plugins.push({});
  appWithPlugin = await startApp({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await appWithPlugin.stop();
  await app.stop();
  await database.drop();
});

test.each([
  ['without a token', () => app],
  ['with a token', () => app],
  ['without a token, behind a plugin', () => appWithPlugin],
  ['with a token, behind a plugin', () => appWithPlugin],
])("graphql-http's audits of the running server find no error, no warning and no notice, %s", async (how, audited) => {
  const authorization = `Bearer ${await staffToken()}`;
  const results = await auditServer({
    url: `${audited().url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      if (how.startsWith('with a token')) headers.set('authorization', authorization);
      return fetch(url, { ...init, headers });
    },
  });
  expect(results.filter(({ status }) => status !== 'ok').map(({ id, name, status }) => [status, id, name])).toEqual([]);
  expect(results.length).toBeGreaterThan(55);
});
