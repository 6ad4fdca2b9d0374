import { Kind, parse, validate } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { graphiqlPage } from '../../../src/development/graphiql-page.ts';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import type { Page } from '../../../src/development/graphiql.ts';
import { schema } from '../../../src/schema.ts';
import { sampleCustomerId } from '../../../src/development/sample-data.ts';
import { testSecret } from '../../support/tokens.ts';

function load(query = '', env: NodeJS.ProcessEnv = {}): Promise<Page> {
  return graphiqlPage(loadConfig(env).auth, new URLSearchParams(query));
}

function names({ tabs }: Page): (string | undefined)[] {
  return tabs.map(({ query }) => /^(?:query|mutation|subscription) (\w+)/m.exec(query)?.[1]);
}

function tokenOf(page: Page, name: string | undefined): string | undefined {
  return page.tabs[names(page).indexOf(name)]?.headers['Authorization']?.replace('Bearer ', '');
}

function orderIds({ tabs }: Page): Set<string> {
  return new Set(JSON.stringify(tabs).match(/ord_[\w-]+/g));
}

test('its tabs lead one order from create to my orders, and each tab is valid for the schema', async () => {
  const page = await load();
  expect(names(page)).toEqual(['create', 'add', 'submit', 'watch', 'myOrders']);
  for (const { query, variables } of page.tabs) {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('a tab is one operation');
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], { ...variables });
    expect(errors).toBeUndefined();
  }
});

test('all tabs of one load use the same order, and each load another one', async () => {
  const [one, other] = await Promise.all([load(), load()]);
  expect(orderIds(one).size).toBe(1);
  expect(orderIds(other).size).toBe(1);
  expect(orderIds(one)).not.toEqual(orderIds(other));
});

test('values that differ from load to load are listed, so that a saved tab can be updated', async () => {
  const page = await load();
  expect(page.fresh).toEqual([...orderIds(page), ...['create', 'watch'].map(name => tokenOf(page, name))]);
});

test('its link opens a second window, which has the same tabs and starts with the watch', async () => {
  const page = await load();
  const [, link = ''] = /href="\?([^"]+)"/.exec(page.heading) ?? [];
  const second = await load(link);
  expect(names(second)).toEqual(['watch', 'create', 'add', 'submit', 'myOrders']);
  expect(second.heading).not.toContain('href');
});

test('with the public development key, each tab has the token of its caller: staff watch, a seeded customer orders', async () => {
  const page = await load();
  const identify = openIdentity(loadConfig({}).auth, 'cus');
  const callers = await Promise.all(
    names(page).map(async name => [name, (await identify(`Bearer ${tokenOf(page, name)}`))?.actor] as const),
  );
  const customer = { role: 'customer', subject: sampleCustomerId };
  expect(Object.fromEntries(callers)).toEqual({
    create: customer,
    add: customer,
    submit: customer,
    watch: { role: 'staff', subject: 'staff' },
    myOrders: customer,
  });
  expect(page.headers).toEqual(page.tabs[0]?.headers);
});

test('with a configured key no tab contains a token', async () => {
  const page = await load('', { AUTH_JWT_SECRET: testSecret });
  const none = { Authorization: 'Bearer <token>' };
  expect([page.headers, ...page.tabs.map(({ headers }) => headers)]).toEqual(Array.from({ length: 6 }, () => none));
  expect(page.fresh).toEqual([...orderIds(page)]);
});
