import { auditServer } from 'graphql-http';
import type { Plugin } from 'graphql-yoga';
import { expect, test, vi } from 'vitest';
import { startApp } from '../support/app.ts';
import { staffToken } from '../support/tokens.ts';
import { useResource } from '../support/use-resource.ts';
import { useApp } from '../support/use-shop.ts';

const { plugins } = vi.hoisted(() => ({ plugins: [] as Plugin[] }));
vi.mock('../../src/server/plugins.ts', () => ({ plugins }));

const { app, database } = useApp();
const appWithPlugin = useResource(
  () => {
    plugins.push({});
    return startApp({ DATABASE_URL: database.url });
  },
  other => other.stop(),
);

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
