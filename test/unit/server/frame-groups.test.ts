import { Writable } from 'node:stream';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/commands/decider.ts';
import { formatPosition } from '../../../src/event-store/position.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { codedError } from '../../../src/graphql/coded-error.ts';
import type { ErrorCode } from '../../../src/graphql/error-codes.ts';
import { openFrameRetries } from '../../../src/server/execution/frames/frame-retries.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import type { Payload } from '../../../src/server/execution/frames/payload.ts';
import type { Group } from '../../../src/server/execution/frames/frame-group.ts';
import { openSharedExecution } from '../../../src/server/execution/frames/frame-groups.ts';
import type { Frame } from '../../../src/live/frame.ts';
import { position, schema, tick, trouble } from '../graphql/mini-schema.ts';
import { logger } from './mini-server.ts';

const anna: Actor = { role: 'staff', subject: 'anna' };
const ben: Actor = { role: 'staff', subject: 'ben' };
const olga: Actor = { role: 'operator', subject: 'olga' };
const otto: Actor = { role: 'operator', subject: 'otto' };
const customer: Actor = { role: 'customer', subject: 'cus_00000000-0000-4000-8000-000000000001' };
const other: Actor = { role: 'customer', subject: 'cus_00000000-0000-4000-8000-000000000002' };

const at = (point: number) => formatPosition(position(point));

const perViewer = parse('subscription { ticks }');
const perRole = parse(
  'subscription A($from: Position, $step: Int) { roleTicks(after: $from, step: $step) } subscription B { roleTicks }',
);
const slow = parse('subscription { slowTicks }');
const troubled = parse('subscription { troubledTicks }');
const wrong = parse('subscription { wrongTicks }');

function opened() {
  const shared = openSharedExecution();
  let executions = 0;
  let counted = 0;
  const grouped = () => {
    counted++;
    return () => {
      counted--;
    };
  };
  const counts = {
    executed: () => executions++,
    delivered: () => undefined,
    subscribed: () => () => undefined,
    grouped,
  };
  const join = (actor: Actor, document = perRole, variableValues = {}, operationName?: string) => {
    const contextValue = createContext({ counts } as unknown as Dependencies, logger, {
      identity: { actor, expiresAt: Date.now() / 1000 + 60 },
    });
    return shared.join({ schema, document, contextValue, variableValues, operationName: operationName ?? null });
  };
  return { shared, join, executions: () => executions, counted: () => counted };
}

/** The payload that a member of the group gets for a change. */
function given(group: Group, change: Frame): Promise<Payload> {
  return new Promise(resolve => group.deliver(change, { hasEnded: false, send: resolve }, 0));
}

/** The bytes that the socket of an operation with that id is sent. */
function written(payload: Payload, id: string): Buffer {
  const pieces: Buffer[] = [];
  const socket = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  payload.writeTo(socket, id);
  return Buffer.concat(pieces);
}

describe('subscriptions share an execution', () => {
  test('with the same document, variables but `after`, and visible scope: one execution and one payload a change', async () => {
    const { join, executions } = opened();
    const groups = [
      join(anna, perRole, { from: at(1) }, 'A'),
      join(ben, perRole, { from: at(2) }, 'A'),
      join(ben, perRole, {}, 'A'),
    ];
    const change = { ...tick(7), row: {} };
    const payloads = await Promise.all(groups.map(group => given(group, change)));
    expect(new Set(payloads).size).toBe(1);
    expect(JSON.parse(payloads[0]!.json)).toMatchObject({ data: { roleTicks: 7 } });
    expect(written(payloads[0]!, '1').toString()).toContain(`{"id":"1","type":"next","payload":${payloads[0]!.json}}`);
    expect(payloads[0]!.event()).toBe(payloads[1]!.event());
    expect(executions()).toBe(1);
    expect(await given(groups[0]!, { ...tick(8), row: {} })).not.toBe(payloads[0]);
    expect(executions()).toBe(2);
  });

  test('operators share with each other, and not with staff, who may not see all that operators see', () => {
    const { shared, join } = opened();
    expect(join(olga)).toBe(join(otto));
    expect(join(anna)).not.toBe(join(olga));
    expect(shared.groups).toBe(2);
    expect(join(olga, perViewer)).not.toBe(join(otto, perViewer));
  });

  test('a payload that was made for one subscriber is given to the next without waiting', async () => {
    const { join } = opened();
    const change = { ...tick(7), row: {} };
    const payload = await given(join(anna), change);
    let atOnce: Payload | undefined;
    join(ben).deliver(change, { hasEnded: false, send: one => (atOnce = one) }, 0);
    expect(atOnce).toBe(payload);
  });

  test('subscribers that ask during the execution wait for the same payload, and one that throws does not affect the others', async () => {
    const { join, executions } = opened();
    const change = { ...tick(7), row: {} };
    const broken = {
      hasEnded: false,
      send() {
        throw new Error('broken');
      },
    };
    join(anna, slow).deliver(change, broken, 0);
    const payloads = await Promise.all([given(join(anna, slow), change), given(join(ben, slow), change)]);
    expect(JSON.parse(payloads[0].json)).toMatchObject({ data: { slowTicks: 7 } });
    expect(payloads[1]).toBe(payloads[0]);
    expect(executions()).toBe(1);
  });

  test.each([
    ['another operation of the document', () => [anna, perRole, {}, 'B'] as const],
    ['another variable', () => [anna, perRole, { step: 2 }, 'A'] as const],
    ['another document', () => [anna, perViewer, {}, undefined] as const],
    ['a customer', () => [customer, perRole, { step: 1 }, 'A'] as const],
  ])('but not with %s', (_what, make) => {
    const { join } = opened();
    const [actor, document, variables, name] = make();
    expect(join(actor, document, variables, name)).not.toBe(join(anna, perRole, { step: 1 }, 'A'));
  });

  test('customers never share, regardless of the declaration', () => {
    const { join } = opened();
    expect(join(customer)).not.toBe(join(other));
    expect(join(customer)).toBe(join(customer));
  });

  test('a field without a declaration is executed for each viewer alone', () => {
    const { join } = opened();
    expect(join(anna, perViewer)).not.toBe(join(ben, perViewer));
    expect(join(anna, perViewer)).toBe(join(anna, perViewer));
  });

  test('a variable that is also used elsewhere does not count as `after`', () => {
    const { join } = opened();
    const twice = parse('subscription ($a: Position) { roleTicks(after: $a) other: __typename @skip(if: $a) }');
    expect(join(anna, twice, { a: 1 })).not.toBe(join(anna, twice, { a: 2 }));
  });

  test('variables that the operation does not declare do not separate groups, and are not kept', () => {
    const { join } = opened();
    const deep = JSON.parse(`${'['.repeat(6_000)}${']'.repeat(6_000)}`) as unknown;
    expect(join(anna, perViewer, { deep })).toBe(join(anna, perViewer));
  });

  test('a field that is shared within a role cannot read the viewer’s name: it fails', async () => {
    const { join } = opened();
    const { json } = await given(join(anna, wrong), { ...tick(1), row: {} });
    expect(json).not.toContain('anna');
    expect(JSON.parse(json)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
  });

  test('a group is removed with its last subscriber', () => {
    const { shared, join, counted } = opened();
    const groups = [join(anna), join(ben), join(customer)];
    expect([shared.groups, counted()]).toEqual([2, 2]);
    groups[0]!.leave();
    expect([shared.groups, counted()]).toEqual([2, 2]);
    groups[1]!.leave();
    expect([shared.groups, counted()]).toEqual([1, 1]);
    groups[2]!.leave();
    expect([shared.groups, counted()]).toEqual([0, 0]);
    join(anna).leave();
    expect([shared.groups, counted()]).toEqual([0, 0]);
  });
});

describe('a frame whose execution fails', () => {
  /** Makes the first executions throw these errors. */
  function failing(...errors: readonly Error[]): void {
    const left = [...errors];
    trouble.meet = () => {
      const error = left.shift();
      if (error) throw error;
    };
  }
  const coded = (code: ErrorCode) => codedError(code, 'Not now.');
  /** An error as PostgreSQL's driver throws it. */
  const refusedBy = (sqlState: string) => Object.assign(new Error('refused'), { severity: 'ERROR', code: sqlState });

  test.each([
    ['UNAVAILABLE', coded('UNAVAILABLE')],
    ['VIEW_LAGGING', coded('VIEW_LAGGING')],
    ['a connection that was ended', refusedBy('57P01')],
    ['a statement that the database refused', refusedBy('42501')],
  ])(
    'with %s is retried; no member gets the failed frame, neither those that wait nor later ones',
    async (_what, error) => {
      const { join, executions } = opened();
      failing(error, error);
      const change = { ...tick(7), row: {} };
      const group = join(anna, troubled);
      const first = given(group, change);
      const payload = await Promise.all([first, given(group, change)]).then(([one, another]) => {
        expect(another).toBe(one);
        return one;
      });
      expect(await given(group, change)).toBe(payload);
      expect(JSON.parse(payload.json)).toMatchObject({ data: { troubledTicks: 7 }, extensions: { position: at(7) } });
      expect(payload.json).not.toContain('errors');
      expect(executions()).toBe(3);
    },
  );

  test.each([
    ['FORBIDDEN', coded('FORBIDDEN')],
    ['NOT_FOUND', coded('NOT_FOUND')],
    ['STALE_POSITION', coded('STALE_POSITION')],
    ['INTERNAL', new Error('a fault of this program')],
    ['INTERNAL', refusedBy('22003')],
  ])('with %s is sent with its error, once: it would fail again', async (code, error) => {
    const { join, executions } = opened();
    failing(error);
    const { json } = await given(join(anna, troubled), { ...tick(7), row: {} });
    expect(JSON.parse(json)).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(executions()).toBe(1);
  });

  test('is not retried when no member waits for it any more, and executed for the next one that asks', async () => {
    const { join, executions } = opened();
    let hasEnded = false;
    trouble.meet = () => {
      hasEnded = true;
      throw coded('UNAVAILABLE');
    };
    const change = { ...tick(7), row: {} };
    const group = join(anna, troubled);
    const member = {
      get hasEnded() {
        return hasEnded;
      },
      send: () => expect.unreachable(),
    };
    group.deliver(change, member, 0);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(executions()).toBe(1);
    failing();
    expect(JSON.parse((await given(group, change)).json)).toMatchObject({ data: { troubledTicks: 7 } });
    expect(executions()).toBe(2);
  });

  test('is retried together with at most three others, whatever their number', async () => {
    const retries = openFrameRetries();
    let [now, maximum] = [0, 0];
    const make = async (index: number) => {
      maximum = Math.max(maximum, ++now);
      await new Promise(resolve => setTimeout(resolve, 5));
      now--;
      if (index % 5 === 0) throw new Error('refused');
      return index;
    };
    const all = Array.from({ length: 50 }, (_, index) => retries.again(1, () => make(index)));
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(40);
    expect(maximum).toBe(4);
  });
});
