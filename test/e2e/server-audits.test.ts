import { auditServer } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { staffToken } from '../support/tokens.ts';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await startApp({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

test.each(['without a token', 'with a token'])(
  "graphql-http's audits of the running server find no error, no warning and no notice, %s",
  async how => {
    const authorization = `Bearer ${await staffToken()}`;
    const results = await auditServer({
      url: `${app.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        if (how === 'with a token') headers.set('authorization', authorization);
        return fetch(url, { ...init, headers });
      },
    });
    expect(results.filter(({ status }) => status !== 'ok').map(({ id, name, status }) => [status, id, name])).toEqual(
      [],
    );
    expect(results.length).toBeGreaterThan(55);
  },
);
