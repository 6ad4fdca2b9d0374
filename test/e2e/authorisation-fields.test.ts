// Every field below the roots, by its own path from a root of each audience: generated from the schema, sent by every
// caller over every transport, each cell asserted.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Audience, expected, rootFields, type Verdict, verdictOf } from './authorisation/audiences.ts';
import { isKnown, openWay, ways, waysAndCallers } from './authorisation/callers.ts';
import { coordinates, type FieldPath, fieldPaths, selectionOf, valueAt } from './authorisation/paths.ts';
import { requiredOf } from './authorisation/sample-inputs.ts';
import { openWorld, type World } from './authorisation/world.ts';

const missing = 'ord_00000000-0000-4000-8000-00000000dead';
/** An idempotency key that customer, staff and operator have all used for an item. */
const bound = 'bound';

function newItem({ ids }: World) {
  return { orderId: ids['order'], productId: ids['product'] };
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
  for (const token of [world.tokens.customer, world.tokens.staff, world.tokens.operator]) {
    const asker = await openWay(world.url, 'POST', token);
    const input = { ...newItem(world), idempotencyKey: bound };
    await asker.ask('mutation ($input: AddOrderItemInput!) { addOrderItem(input: $input) { __typename } }', { input });
  }
});
afterAll(() => world.close());

interface Outcome {
  readonly root: string;
  readonly audience: Audience;
  readonly input: (world: World) => object;
}

/** The command for each outcome. */
const outcomes: Readonly<Record<string, Outcome>> = {
  OrderCommandPayload: { root: 'addOrderItem', audience: 'owner', input: newItem },
  CustomerCommandPayload: {
    root: 'renameCustomer',
    audience: 'owner',
    input: ({ ids }) => ({ customerId: ids['customer'], name: 'M' }),
  },
  ProductCommandPayload: {
    root: 'changeProduct',
    audience: 'staff',
    input: ({ ids }) => ({ productId: ids['product'], available: true }),
  },
  OperatorCommandPayload: {
    root: 'rebuildView',
    audience: 'operator',
    // The same key each time: while a rebuild is running, another one is rejected.
    input: () => ({ view: 'order_view', idempotencyKey: 'rebuild' }),
  },
  CommandError: {
    root: 'submitOrder',
    audience: 'owner',
    input: ({ shippedOrderId }) => ({ orderId: shippedOrderId }),
  },
  RejectedError: {
    root: 'submitOrder',
    audience: 'owner',
    input: ({ shippedOrderId }) => ({ orderId: shippedOrderId }),
  },
  VersionConflictError: {
    root: 'submitOrder',
    audience: 'owner',
    input: ({ ids }) => ({ orderId: ids['order'], expectedVersion: 99 }),
  },
  NotFoundError: { root: 'submitOrder', audience: 'anyone', input: () => ({ orderId: missing }) },
  InvalidInputError: {
    root: 'cancelOrder',
    audience: 'anyone',
    input: ({ ids }) => ({ orderId: ids['order'], reason: '' }),
  },
  IdempotencyKeyReusedError: {
    root: 'addOrderItem',
    audience: 'owner',
    input: about => ({ ...newItem(about), quantity: 2, idempotencyKey: bound }),
  },
};

/** Empty here for every caller: no rebuild runs for long, and no stream is parked. The test sees that the path ends there. */
const endsEarly: ReadonlySet<string> = new Set(['ProjectionRebuild', 'ParkedStream', 'ParkedStreamEdge']);

const paths = fieldPaths(outcomes);

/** The command result on a path, if any. */
function outcomeOf({ steps: [first = ''] }: FieldPath): string {
  return first.replace('... on ', '');
}

function operationOf(path: FieldPath) {
  const { kind, root, steps } = path;
  const { declared, passed, variables } = requiredOf(root, { ...world.ids, order: world.shippedOrderId });
  const outcome = outcomes[outcomeOf(path)];
  const document = `${kind}${declared && ` (${declared})`} { ${root.name}${passed && `(${passed})`}${selectionOf(path)} }`;
  return { document, variables: outcome ? { input: outcome.input(world) } : variables, steps };
}

test('a path leads to every field below the roots', () => {
  const reached = new Set(paths.map(({ coordinate }) => coordinate));
  expect(coordinates.filter(coordinate => !reached.has(coordinate))).toEqual([]);
  expect(rootFields.length).toBeGreaterThan(30);
});

describe.each(waysAndCallers.filter(({ way, caller }) => way !== 'WebSocket' || isKnown(caller)))(
  'by $way, $caller',
  ({ way, caller }) => {
    test('each field is answered, forbidden or not found, as its root is', async () => {
      const asker = await openWay(world.url, way, world.tokens[caller]);
      const wrong: [string, string, Verdict | 'not there', Verdict][] = [];
      const asked = paths.filter(({ kind }) => ways[way].includes(kind));
      for (const path of asked) {
        const [type = ''] = path.coordinate.split('.');
        const { document, variables, steps } = operationOf(path);
        const answer = await asker.ask(document, variables);
        const should = expected(caller, path.audience);
        const is =
          outcomeOf(path) === 'NotFoundError' && should === 'answered' ? should : verdictOf(path.root.name, answer);
        const there = valueAt(answer.data?.[path.root.name], steps) !== undefined || endsEarly.has(type);
        const seen = is === 'answered' && !there ? 'not there' : is;
        if (seen !== should) wrong.push([path.root.name, path.coordinate, seen, should]);
      }
      await asker.close();
      expect(asked.length).toBeGreaterThan(100);
      expect(wrong).toEqual([]);
    });
  },
);
