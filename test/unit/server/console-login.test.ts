import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { openConsoleLogin } from '../../../src/server/http/console-login.ts';
import { logger, startServer } from './mini-server.ts';

test.each([
  ['the audience of the tokens', { AUTH_AUDIENCE: 'orders' }, 'orders'],
  ['none of several audiences', { AUTH_AUDIENCE: 'orders,reports' }, undefined],
  ['no value of another claim', { AUTH_AUDIENCE: 'front-end', AUTH_AUDIENCE_CLAIM: 'client_id' }, undefined],
  ['no audience if any is accepted', {}, undefined],
])('the login of the console names %s', async (_what, env, audience) => {
  const url = await startServer(
    createServer((_request, response) => {
      const endpoints = { authorization_endpoint: `${url}/login`, token_endpoint: `${url}/token` };
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys`, ...endpoints }));
    }),
  );
  const login = openConsoleLogin(loadConfig({ AUTH_ISSUER: url, CONSOLE_OIDC_CLIENT_ID: 'console', ...env }), logger);
  expect((await login?.())?.audience).toBe(audience);
});
