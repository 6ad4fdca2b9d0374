import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { staffToken } from '../support/tokens.ts';
import { useApp } from '../support/use-shop.ts';

const { app } = useApp();

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
