import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import { sampleCustomerId } from '../../../src/development/sample-data.ts';
import { plain, styleFor } from '../../../src/development/terminal-style.ts';
import { welcome } from '../../../src/development/welcome.ts';
import { testSecret } from '../../support/tokens.ts';

const url = 'http://127.0.0.1:4000';

test.each([
  ['nothing', {}],
  ['an issuer and an audience', { AUTH_ISSUER: 'the shop', AUTH_AUDIENCE: 'orders' }],
])('with %s configured, printed tokens are valid for staff and the first customer for 30 days', async (_what, env) => {
  const config = loadConfig(env);
  const text = await welcome(config, url, plain);
  const identify = openIdentity(config.auth, 'cus');
  const identities = ['staff', 'customer', 'operator'].map(async role => {
    const [, token = ''] = new RegExp(`^ +${role} +(\\S+)$`, 'm').exec(text ?? '') ?? [];
    return identify(`Bearer ${token}`);
  });
  const days = 24 * 3_600;
  const now = Date.now() / 1_000;
  expect(await Promise.all(identities)).toEqual([
    { actor: { role: 'staff', subject: 'staff' }, expiresAt: expect.closeTo(now + 30 * days, -2) },
    { actor: { role: 'customer', subject: sampleCustomerId }, expiresAt: expect.closeTo(now + 30 * days, -2) },
    { actor: { role: 'operator', subject: 'operator' }, expiresAt: expect.closeTo(now + 30 * days, -2) },
  ]);
});

test('with a configured key, no token is printed', async () => {
  expect(await welcome(loadConfig({ AUTH_JWT_SECRET: testSecret }), url, plain)).toBeUndefined();
  expect(await welcome(loadConfig({ AUTH_JWKS_URL: 'https://login.example.com/keys' }), url, plain)).toBeUndefined();
});

test('the suggestions are a short list of commands, on either database', async () => {
  for (const env of [{}, { DATABASE_URL: 'postgresql://localhost/orders' }]) {
    const text = (await welcome(loadConfig(env), url, plain)) ?? '';
    expect(commandsOf(text)).toEqual(['npm run watch', 'npm run order', 'npm run simulate']);
    expect(text).toContain(`GraphiQL          ${url}/graphql\n`);
    expect(text.split('\n').length).toBeLessThanOrEqual(12);
    const withoutTokens = text.split('\n').filter(line => !/eyJ/.test(line));
    expect(Math.max(...withoutTokens.map(line => line.length))).toBeLessThanOrEqual(80);
  }
});

test('the last line is the address of the console, if it is served', async () => {
  const lastLine = async (env: NodeJS.ProcessEnv) =>
    (await welcome(loadConfig(env), url, plain))?.trimEnd().split('\n').at(-1);
  expect(await lastLine({})).toBe(`Open the console: ${url}/`);
  expect(await lastLine({ CONSOLE: 'off' })).toMatch(/^ +operator /);
});

test("the commands contain the server's address if it is not their default", async () => {
  const text = (await welcome(loadConfig({}), 'http://127.0.0.1:4001', plain)) ?? '';
  expect(commandsOf(text)).toEqual(
    ['watch', 'order', 'simulate'].map(name => `npm run ${name} -- --url http://127.0.0.1:4001`),
  );
});

test('if only trusted documents are served, neither GraphiQL nor a command that would be rejected is suggested', async () => {
  const text = await welcome(loadConfig({ TRUSTED_DOCUMENTS: 'a.json', TRUSTED_DOCUMENTS_ONLY: 'on' }), url, plain);
  expect(text).toMatch(/^ +staff +\S+$/m);
  expect(text).not.toMatch(/GraphiQL|npm run/);
});

const escape = String.fromCharCode(27);

test.each<[string, boolean, NodeJS.ProcessEnv, boolean]>([
  ['a terminal', true, { TERM: 'xterm-256color' }, true],
  ['a terminal without colour', true, { TERM: 'dumb' }, false],
  ['a terminal and NO_COLOR', true, { TERM: 'xterm-256color', NO_COLOR: '1' }, false],
  ['a terminal and FORCE_COLOR=0', true, { TERM: 'xterm-256color', FORCE_COLOR: '0' }, false],
  ['a pipe', false, { TERM: 'xterm-256color' }, false],
  ['a pipe and FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
])('it is coloured if the output has colour: %s', async (_output, isTTY, env, coloured) => {
  const text = (await welcome(loadConfig({}), url, styleFor({ isTTY }, env))) ?? '';
  expect(text.includes(escape)).toBe(coloured);
  const plainText = text.replaceAll(new RegExp(`${escape}\\[\\d+m`, 'g'), '');
  expect(commandsOf(plainText)).toEqual(['npm run watch', 'npm run order', 'npm run simulate']);
});

/** The suggested commands, without their explanations. */
function commandsOf(text: string): (string | undefined)[] {
  return [...text.matchAll(/^ {2}(npm run \S+(?: -- --url \S+)?) {2}/gm)].map(([, command]) => command);
}
