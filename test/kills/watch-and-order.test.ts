import { expect, test } from 'vitest';
import { AddOrderItemDocument, CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, startApp } from '../support/app.ts';
import { printed } from '../support/child.ts';
import { interrupted, runCli, startCli } from '../support/cli.ts';
import { onFreePort } from '../support/free-port.ts';
import { post } from '../support/post.ts';
import { freshDatabase } from '../support/postgres.ts';
import { added, openShop, registered, type Shopper } from '../support/shop.ts';
import { customerToken, staffToken, testSecret } from '../support/tokens.ts';
import { useApp } from '../support/use-shop.ts';

const env = { AUTH_JWT_SECRET: testSecret };
const { database, app } = useApp();

async function newOrder(url: string, { token }: Shopper, productId: string): Promise<{ id: string; number: string }> {
  const items = [{ productId, quantity: 1 }];
  const { order } = accepted(await post(url, CreateOrderDocument, { input: { items } }, { token }));
  return order!;
}

test('watch prints every change, also the one that was made while its server was killed', async () => {
  const home = { DATABASE_URL: database.url };
  const { port, opened: doomed } = await onFreePort(at => spawnApp({ ...home, PORT: `${at}` }), /is taken on/);
  const { customer, productId } = await openShop(app.url);
  const run = startCli('watch', ['--url', doomed.url], env);
  await printed(run, /^Live from position /m);
  const order = await newOrder(app.url, customer, productId);
  const lineWith = (items: string) => new RegExp(`^\\S+  ${order.number}  DRAFT +${items} .* Ada Lovelace  \\S+$`, 'm');
  await printed(run, lineWith('1 item'));

  await doomed.kill('SIGKILL');
  await printed(run, /^The connection was lost: trying again$/m);
  const add = (quantity: number) =>
    post(app.url, AddOrderItemDocument, { input: { orderId: order.id, productId, quantity } }, customer).then(accepted);
  await add(2);
  const back = await spawnApp({ ...home, PORT: `${port}` });
  await printed(run, lineWith('3 items'));
  await add(4);
  await printed(run, lineWith('7 items'));

  const { code, stdout, stderr } = await interrupted(run);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Connected again: continuing after the last position');
  const positions = stdout.split('\n').flatMap(line => (line.includes(order.number) ? [line.split('  ').at(-1)] : []));
  expect(positions).toHaveLength(3);
  expect([...positions].sort()).toEqual(positions);
  expect(await back.stop()).toBe(0);
});

test("with a customer's token, watch prints only that customer's orders", async () => {
  const [productId, mine, other] = [await added(app.url), await registered(app.url, 'Zoe'), await registered(app.url)];
  const run = startCli('watch', ['--url', app.url, '--token', `Bearer ${mine.token}`]);
  await printed(run, /^Live from position /m);
  const theirs = await newOrder(app.url, other, productId);
  const { number } = await newOrder(app.url, mine, productId);
  await printed(run, new RegExp(`  ${number}  .*  Zoe  `));
  const { stdout } = await interrupted(run);
  expect(stdout).toContain(`Watching the orders of ${mine.id} at `);
  expect(stdout).not.toContain(theirs.number);
});

test('order registers a customer that the server does not have, and prints the position of each step', async () => {
  await added(app.url);
  const token = await customerToken('cus_0b8c9f1e-0000-4000-8000-00000000feed');
  const { code, stdout, stderr } = await runCli('order', ['--url', app.url, '--token', token]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const steps = [...stdout.matchAll(/^(\w+) .* {2}position (\S+)$/gm)];
  expect(steps.map(([, done]) => done)).toEqual(['registered', 'created', 'added', 'submitted']);
  const positions = steps.map(([, , position]) => position);
  expect([...positions].sort()).toEqual(positions);
  const again = await runCli('order', ['--url', app.url, '--token', token]);
  expect(again.stdout).not.toContain('registered');
  expect(again.stdout).toMatch(/^submitted /m);
});

test('order prints what to do if there is nothing to order', async () => {
  const bare = await freshDatabase();
  const empty = await startApp({ DATABASE_URL: bare.url });
  const { code, stderr } = await runCli('order', ['--url', empty.url], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Nothing can be ordered yet: .*npm run simulate.*\n$/);
  await empty.stop();
  await bare.drop();
});

test.each(['watch', 'order'])('%s --help prints the usage, and does nothing else', async name => {
  const { code, stdout, stderr } = await runCli(name, ['--help', '--url', 'http://127.0.0.1:1']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^npm run ${name} -- \\[--url http://127\\.0\\.0\\.1:4000/graphql\\]`));
});

test.each<[string, 'watch' | 'order', readonly string[], Readonly<Record<string, string>>, RegExp]>([
  [
    'no server',
    'watch',
    ['--url', 'http://127.0.0.1:1'],
    env,
    /^No server at http:\/\/127\.0\.0\.1:1\/graphql \(.+\): start/,
  ],
  [
    'no server',
    'order',
    ['--url', 'http://127.0.0.1:1'],
    env,
    /^No server at http:\/\/127\.0\.0\.1:1\/graphql \(.+\): start/,
  ],
  [
    'an invalid URL',
    'watch',
    ['--url', '127.0.0.1:4000'],
    env,
    /^--url 127\.0\.0\.1:4000: it must be a URL like http:/,
  ],
  ['an unknown option', 'order', ['--speed', '5'], env, /^Unknown option '--speed'.* npm run order -- \[--url/],
  [
    'a server with a key of its own',
    'watch',
    ['--url', 'APP'],
    {},
    /rejects the token: give one with role staff by --token, or set AUTH_JWT_SECRET to/,
  ],
  [
    'a server with a key of its own',
    'order',
    ['--url', 'APP'],
    {},
    /rejects the token: give one with role customer by --token, or set AUTH_JWT_SECRET/,
  ],
  [
    'another secret',
    'watch',
    ['--url', 'APP'],
    { AUTH_JWT_SECRET: `${testSecret}!` },
    /rejects the token: set AUTH_JWT_SECRET, AUTH_ISSUER and/,
  ],
  [
    'a token that is none',
    'watch',
    ['--url', 'APP', '--token', 'x'],
    env,
    /rejects the token: give --token one with role staff/,
  ],
  [
    'a token of staff',
    'order',
    ['--url', 'APP', '--token', 'STAFF'],
    env,
    /^--token: it has role STAFF, give one with role CUSTOMER/,
  ],
])('a mistake of the user is one line that says what to do: %s, %s', async (_, name, args, given, line) => {
  const staff = await staffToken();
  const ended = await runCli(
    name,
    args.map(arg => arg.replace('APP', app.url).replace('STAFF', staff)),
    given,
  );
  expect({ ...ended, stderr: '' }).toEqual({ code: 1, stdout: '', stderr: '' });
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(ended.stderr.trimEnd()).toMatch(line);
});
