// Who may use which root field over which transport: generated from the schema, each cell asserted. Fields below the
// roots: authorisation-fields.
import { getNamedType, type GraphQLField, isCompositeType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openSocket } from '../support/socket.ts';
import { audiences, expected, type Kind, rootFields, type Verdict, verdictOf } from './authorisation/audiences.ts';
import { askByGet, callers, isKnown, openWay, ways, waysAndCallers } from './authorisation/callers.ts';
import { requiredOf } from './authorisation/sample-inputs.ts';
import { openWorld, type World } from './authorisation/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function operationOf(kind: Kind, field: GraphQLField<unknown, unknown>) {
  const { declared, passed, variables } = requiredOf(field, world.ids);
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const document = `${kind}${declared && ` (${declared})`} { ${field.name}${passed && `(${passed})`}${selection} }`;
  return { document, variables };
}

test('every root field is in the table', () => {
  expect(rootFields.map(({ field }) => field.name).filter(name => audiences[name] === undefined)).toEqual([]);
});

describe.each(waysAndCallers)('by $way, $caller', ({ way, caller }) => {
  test('each root field is answered, forbidden or not found, as the table says', async () => {
    if (way === 'WebSocket' && !isKnown(caller)) {
      // Without a token there is no acknowledged socket.
      const socket = await openSocket(world.url);
      const token = world.tokens[caller];
      socket.send({
        type: 'connection_init',
        payload: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      });
      expect((await socket.closed).code).toBe(4403);
      await socket.close();
      return;
    }
    const asker = await openWay(world.url, way, world.tokens[caller]);
    const table: Record<string, [Verdict, Verdict]> = {};
    for (const { kind, field } of rootFields) {
      if (!ways[way].includes(kind)) continue;
      const { document, variables } = operationOf(kind, field);
      const answer = await asker.ask(document, variables);
      table[field.name] = [verdictOf(field.name, answer), expected(caller, audiences[field.name])];
    }
    await asker.close();
    expect(Object.keys(table).length).toBeGreaterThan(10);
    expect(Object.entries(table).filter(([, [is, shouldBe]]) => is !== shouldBe)).toEqual([]);
  });
});

test('a mutation by GET is rejected for every caller, and stores nothing', async () => {
  const { url, tokens } = world;
  const staff = await openWay(url, 'POST', tokens.staff);
  // The views may be behind the events of the tests before.
  const { data } = await staff.ask<{ addProduct: { position: string } }>(
    `mutation { addProduct(input: { sku: "last", name: "P", price: { amount: "1", currency: "EUR" } }) {
      ... on ProductCommandPayload { position } } }`,
  );
  const countOf = () =>
    eventually(async () => {
      const answer = await staff.ask(`{ products(atLeast: "${data!.addProduct.position}") { totalCount } }`);
      expect(answer.errors).toBeUndefined();
      return answer.data;
    });
  const before = await countOf();
  for (const caller of callers) {
    for (const { kind, field } of rootFields) {
      if (kind !== 'mutation') continue;
      const { document, variables } = operationOf(kind, field);
      const { status, answer } = await askByGet(url, document, variables, tokens[caller]);
      expect([field.name, status >= 400, answer.data ?? null]).toEqual([field.name, true, null]);
    }
  }
  expect(await countOf()).toEqual(before);
});
