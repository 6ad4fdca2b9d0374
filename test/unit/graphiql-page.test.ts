import { Kind, parse, validate } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { graphiqlPage } from '../../src/graphiql-page.ts';
import { openIdentity } from '../../src/graphql/identity.ts';
import type { Page } from '../../src/graphql/graphiql.ts';
import { schema } from '../../src/schema.ts';
import { sampleCustomerId } from '../../src/seed.ts';
import { testSecret } from '../support/tokens.ts';

function load(query = '', env: NodeJS.ProcessEnv = {}): Promise<Page> {
  return graphiqlPage(loadConfig(env).auth, new URLSearchParams(query));
}

function names({ tabs }: Page): (string | undefined)[] {
  return tabs.map(({ query }) => /^(?:query|mutation|subscription) (\w+)/m.exec(query)?.[1]);
}

function orderIds({ tabs }: Page): Set<string> {
  return new Set(JSON.stringify(tabs).match(/ord_[\w-]+/g));
}

test('its tabs lead one order from create to my orders, and each is what the schema takes', async () => {
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

test('all tabs of one load speak of one order, and each load of another', async () => {
  const [one, other] = await Promise.all([load(), load()]);
  expect(orderIds(one).size).toBe(1);
  expect(orderIds(other).size).toBe(1);
  expect(orderIds(one)).not.toEqual(orderIds(other));
});

test('what differs from load to load is named, so that what was kept of an earlier one can follow', async () => {
  const page = await load();
  expect(page.fresh).toEqual([...orderIds(page), page.headers['Authorization']?.replace('Bearer ', '')]);
});

test('its link leads to a second window, which has the same tabs and watches first', async () => {
  const page = await load();
  const [, link = ''] = /href="\?([^"]+)"/.exec(page.heading) ?? [];
  const second = await load(link);
  expect(names(second)).toEqual(['watch', 'create', 'add', 'submit', 'myOrders']);
  expect(second.heading).not.toContain('href');
});

test('its headers let a seeded customer in while the key is a public one; with a configured key they hold none', async () => {
  const { headers } = await load();
  const identity = await openIdentity(loadConfig({}).auth)(headers['Authorization']);
  expect(identity?.actor).toEqual({ role: 'customer', subject: sampleCustomerId });
  expect((await load('', { AUTH_JWT_SECRET: testSecret })).headers).toEqual({ Authorization: 'Bearer <token>' });
});
