import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/commands/decider.ts';
import { formatPosition } from '../../../src/event-store/position.ts';
import { createContext } from '../../../src/graphql/context.ts';
import type { Parts } from '../../../src/graphql/parts.ts';
import { openSharedExecution } from '../../../src/graphql/shared-execution.ts';
import { position, schema, tick } from './mini-schema.ts';
import { logger } from './mini-server.ts';

const anna: Actor = { role: 'staff', subject: 'anna' };
const ben: Actor = { role: 'staff', subject: 'ben' };
const customer: Actor = { role: 'customer', subject: 'cus_00000000-0000-4000-8000-000000000001' };
const other: Actor = { role: 'customer', subject: 'cus_00000000-0000-4000-8000-000000000002' };

const at = (point: number) => formatPosition(position(point));

const perViewer = parse('subscription { ticks }');
const perRole = parse(
  'subscription A($from: Position, $step: Int) { roleTicks(after: $from, step: $step) } subscription B { roleTicks }',
);
const wrong = parse('subscription { wrongTicks }');

function opened() {
  const shared = openSharedExecution();
  let executions = 0;
  const counts = { executed: () => executions++, delivered: () => undefined, subscribed: () => () => undefined };
  const join = (actor: Actor, document = perRole, variableValues = {}, operationName?: string) => {
    const contextValue = createContext({ counts } as unknown as Parts, logger, {
      identity: { actor, expiresAt: Date.now() / 1000 + 60 },
    });
    return shared.join({ schema, document, contextValue, variableValues, operationName: operationName ?? null });
  };
  return { shared, join, executions: () => executions };
}

describe('subscriptions share what is made for them', () => {
  test('with the same document, variables but `after`, and visible scope: one execution and one payload a change', async () => {
    const { join, executions } = opened();
    const groups = [
      join(anna, perRole, { from: at(1) }, 'A'),
      join(ben, perRole, { from: at(2) }, 'A'),
      join(ben, perRole, {}, 'A'),
    ];
    const change = { ...tick(7), row: {} };
    const payloads = await Promise.all(groups.map(async group => group.payloadOf(change)));
    expect(new Set(payloads).size).toBe(1);
    expect(JSON.parse(payloads[0]!.json)).toMatchObject({ data: { roleTicks: 7 } });
    expect(payloads[0]!.socketFrame('1')).toBe(payloads[1]!.socketFrame('1'));
    expect(payloads[0]!.event()).toBe(payloads[1]!.event());
    expect(executions()).toBe(1);
    expect(await groups[0]!.payloadOf({ ...tick(8), row: {} })).not.toBe(payloads[0]);
    expect(executions()).toBe(2);
  });

  test('what was made for one is at hand for the next, with no wait', async () => {
    const { join } = opened();
    const change = { ...tick(7), row: {} };
    const made = await join(anna).payloadOf(change);
    expect(join(ben).payloadOf(change)).toBe(made);
  });

  test.each([
    ['another operation of the document', () => [anna, perRole, {}, 'B'] as const],
    ['another variable', () => [anna, perRole, { step: 2 }, 'A'] as const],
    ['another document', () => [anna, perViewer, {}, undefined] as const],
    ['a customer', () => [customer, perRole, { step: 1 }, 'A'] as const],
  ])('not with %s', (_what, make) => {
    const { join } = opened();
    const [actor, document, variables, name] = make();
    expect(join(actor, document, variables, name)).not.toBe(join(anna, perRole, { step: 1 }, 'A'));
  });

  test('customers never share, whatever is declared', () => {
    const { join } = opened();
    expect(join(customer)).not.toBe(join(other));
    expect(join(customer)).toBe(join(customer));
  });

  test('undeclared, an answer is its viewer’s alone', () => {
    const { join } = opened();
    expect(join(anna, perViewer)).not.toBe(join(ben, perViewer));
    expect(join(anna, perViewer)).toBe(join(anna, perViewer));
  });

  test('a variable that says more than where to go on from is no part of `after`', () => {
    const { join } = opened();
    const twice = parse('subscription ($a: Position) { roleTicks(after: $a) other: __typename @skip(if: $a) }');
    expect(join(anna, twice, { a: 1 })).not.toBe(join(anna, twice, { a: 2 }));
  });

  test('a field that is shared among a role can tell nobody’s name: it fails', async () => {
    const { join } = opened();
    const { json } = await join(anna, wrong).payloadOf({ ...tick(1), row: {} });
    expect(json).not.toContain('anna');
    expect(JSON.parse(json)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
  });

  test('a group is gone with its last subscriber', () => {
    const { shared, join } = opened();
    const groups = [join(anna), join(ben), join(customer)];
    expect(shared.groups).toBe(2);
    for (const group of groups) group.leave();
    expect(shared.groups).toBe(0);
  });
});
