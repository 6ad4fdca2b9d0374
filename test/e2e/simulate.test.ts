import { expect, test } from 'vitest';
import { ProductsDocument } from '../generated/graphql.ts';
import { allOrders } from '../support/all-orders.ts';
import { printed } from '../support/child.ts';
import { type Ended, interrupted, runCli, startCli } from '../support/cli.ts';
import { headAt } from '../support/imported.ts';
import { post } from '../support/post.ts';
import { registered } from '../support/shop.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { staffToken, testSecret } from '../support/tokens.ts';
import { useApp } from '../support/use-shop.ts';

const { app } = useApp();
const env = { AUTH_JWT_SECRET: testSecret };

test('customers and staff act through the public API at the requested rate, and every action is printed', async () => {
  const run = startCli('simulate', ['--url', app.url, '--rate', '40'], env);
  // Until enough has happened, and some order has reached its last step.
  await printed(run, /(?:.*\n){50}/);
  const verbs = ['started', 'added', 'submitted', 'confirmed', 'shipped'];
  for (const verb of verbs) await printed(run, new RegExp(`^\\w+ ${verb} `, 'm'));
  const { code, stdout, stderr } = await interrupted(run);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // An empty catalogue gets a small one.
  const { data } = await post(app.url, ProductsDocument, {}, { token: await staffToken() });
  expect(data?.products?.edges.length).toBeGreaterThan(3);

  const [commands = 0, seconds = 0] = [.../^(\d+) commands in ([\d.]+) s /m.exec(stdout)!].slice(1).map(Number);
  // Never more than requested, and less only if the machine is busy.
  expect(commands).toBeGreaterThan(40);
  expect(commands).toBeLessThanOrEqual(40 * seconds + 4); // the seconds are rounded
  const actions = printedActions(stdout);
  expect(actions.length).toBe(commands);
  expect(actions.map(({ verb }) => verb)).toEqual(expect.arrayContaining(verbs));
  await expectAsPrinted(actions);
});

test('a command whose request or response is lost is sent again under its key: nothing is executed twice', async () => {
  const proxy = await openTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) });
  let requests = 0;
  try {
    const url = `http://127.0.0.1:${proxy.port}/graphql`;
    const run = startCli('simulate', ['--url', url, '--rate', '30'], env);
    await printed(run, / started /);
    proxy.meet(() => (['pass', 'lose-answer', 'pass', 'lose-request'] as const)[requests++ % 4]!);
    await printed(run, /trying again/);
    await new Promise(resolve => setTimeout(resolve, 1_000));
    proxy.meet(() => 'pass');
    await printed(run, /^the server answers again$/m);
    // Longer than any retry's backoff, because Ctrl-C would end the wait.
    await new Promise(resolve => setTimeout(resolve, 3_000));
    const { code, stdout, stderr } = await interrupted(run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/; 0 rejected, [1-9]\d* sent again$/m);
    await expectAsPrinted(printedActions(stdout));
  } finally {
    await proxy.close();
  }
});

test('Ctrl-C ends it with a summary', async () => {
  const run = startCli('simulate', ['--url', app.url, '--rate', '20'], env);
  await printed(run, / started /);
  const { code, stdout, stderr } = await interrupted(run);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/\n\d+ commands? in [\d.]+ s \([\d.]+\/s\): \d+ orders started, .+\n$/);
});

test('with given tokens it acts as their subjects', async () => {
  const customer = await registered(app.url, 'Zoe');
  const tokens = { STAFF_TOKEN: await staffToken(), CUSTOMER_TOKEN: customer.token };
  // A rate at which staff act too, even if the machine stalls for most of the time.
  const { code, stdout } = await runCli('simulate', ['--url', app.url, '--rate', '60', '--for', '4'], tokens);
  expect(code).toBe(0);
  const actions = printedActions(stdout);
  const orders = (await allOrders(app.url, await headAt(app.url))).filter(order => order.customer.id === customer.id);
  expect(actions.filter(({ verb }) => verb === 'started')).toHaveLength(orders.length);
  expect(new Set(actions.map(({ who }) => who))).toEqual(new Set(['Zoe', 'anna']));
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
  [
    'no server',
    ['--url', 'http://127.0.0.1:1'],
    env,
    /^No server at http:\/\/127\.0\.0\.1:1\/graphql \(.+\): start it/,
  ],
  [
    'another path',
    ['--url', 'APP/other'],
    env,
    /^http:.+\/other answers, but not GraphQL \(HTTP 404\): give its endpoint/,
  ],
  ['an invalid URL', ['--url', '127.0.0.1:4000'], env, /^--url 127\.0\.0\.1:4000: it must be a URL like http:/],
  ['an invalid rate', ['--url', 'APP', '--rate', 'fast'], env, /^--rate fast: it must be a number above 0, at most/],
  ['a rate of zero', ['--url', 'APP', '--rate', '0'], env, /^--rate 0: it must be a number above 0/],
  [
    'an invalid time',
    ['--url', 'APP', '--for', '-1'],
    env,
    /^(?:--for -1: it must|Option '--for' argument is ambiguous)/,
  ],
  ['an unknown option', ['--speed', '5'], env, /^Unknown option '--speed'.* npm run simulate -- \[--rate 5\]/],
  ['a development key that the server rejects', ['--url', 'APP'], {}, /rejects the token: set AUTH_JWT_SECRET/],
  [
    'another secret',
    ['--url', 'APP'],
    { AUTH_JWT_SECRET: `${testSecret}!` },
    /rejects the token: set AUTH_JWT_SECRET, AUTH_ISSUER and AUTH_AUDIENCE as/,
  ],
  ['one token of two', ['--url', 'APP'], { STAFF_TOKEN: 'x' }, /^CUSTOMER_TOKEN: set it too/],
  ['invalid tokens', ['--url', 'APP'], { STAFF_TOKEN: 'x', CUSTOMER_TOKEN: 'y' }, /: set STAFF_TOKEN to one that is/],
])('a mistake of the user is one line that says what to do: %s', async (_, args, given, line) => {
  const ended: Ended = await runCli(
    'simulate',
    args.map(arg => arg.replace('APP', app.url)),
    given,
  );
  expect({ ...ended, stderr: '' }).toEqual({ code: 1, stdout: '', stderr: '' });
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(ended.stderr.trimEnd()).toMatch(line);
});

/** One printed line: an actor, an action and an order. */
interface PrintedAction {
  readonly who: string;
  readonly verb: string;
  readonly number: string;
  readonly line: string;
}

function printedActions(stdout: string): PrintedAction[] {
  return stdout.split('\n').flatMap(line => {
    const [, who, verb] = /^(\w+) (\w+) /.exec(line) ?? [];
    const number = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(line)?.[0];
    return who !== undefined && verb !== undefined && number !== undefined ? [{ who, verb, number, line }] : [];
  });
}

const statusAfter: Readonly<Record<string, string>> = {
  submitted: 'SUBMITTED',
  confirmed: 'CONFIRMED',
  shipped: 'SHIPPED',
  delivered: 'DELIVERED',
  cancelled: 'CANCELLED',
};

/** Checks that the state of each printed order follows from its printed lines, and from nothing else. */
async function expectAsPrinted(actions: readonly PrintedAction[]): Promise<void> {
  const orders = new Map((await allOrders(app.url, await headAt(app.url))).map(order => [order.number, order]));
  for (const number of new Set(actions.map(action => action.number))) {
    const history = actions.filter(action => action.number === number);
    const order = orders.get(number);
    const lines = history.map(({ line }) => line).join('\n');
    // Each line is one event, except the first one: that is one more for each item.
    const items = history[0]!.line.split(' with ')[1]!.split(' and ').length;
    expect({ lines, version: order?.version }).toEqual({ lines, version: history.length + items });
    const status = history.map(({ verb }) => statusAfter[verb]).findLast(reached => reached !== undefined);
    expect({ lines, status: order?.status }).toEqual({ lines, status: status ?? 'DRAFT' });
    const total = / over ([\d.]+ [A-Z]{3})$/m.exec(lines)?.[1];
    if (total !== undefined) expect(`${order?.total.amount} ${order?.total.currency}`).toBe(total);
    expect(history[0]!.who).toBe(order?.customer.name);
  }
}
