import { parse } from 'graphql';
import { beforeEach, describe, expect, test } from 'vitest';
import { accept, type Decider } from '../../../src/commands/decider.ts';
import type { CommandAnswer, CommandCall, HandleCommand } from '../../../src/commands/handle-command.ts';
import { formatPosition } from '../../../src/event-store/position.ts';
import { builder } from '../../../src/graphql/builder.ts';
import { commandField } from '../../../src/graphql/command-field.ts';
import { hashOfCommand } from '../../../src/commands/command-hash.ts';
import { commandResult } from '../../../src/graphql/command-result.ts';
import { declareRejectionReasons } from '../../../src/graphql/command-errors.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { executeOperation } from '../../../src/server/execution/operation.ts';
import type { Dependencies } from '../../../src/graphql/dependencies.ts';
import { textIssues } from '../../../src/graphql/text-input.ts';
import { Pebble, pebbleReasons, pebbles, position } from './mini-schema.ts';
import { logger } from '../server/mini-server.ts';

interface Polish {
  readonly type: 'Polish';
  readonly name: string;
  readonly chipId: string;
}
interface Refusal {
  readonly reason: 'TOO_MANY_LINES';
  readonly message: string;
  readonly path: readonly string[];
}

const pebbleDecider: Decider<object, Polish, { type: 'Polished'; data: object }, Refusal> = {
  streamType: 'pebble',
  idPrefix: 'pbl',
  initialState: {},
  evolve: state => state,
  decide: () => accept({ type: 'Polished', data: {} }),
  rights: { Polish: 'authenticated' },
  reasons: pebbleReasons,
  creates: () => false,
  isVisibleTo: () => true,
  subject: () => undefined,
  erasure: 'none',
  schemaVersions: { Polished: 1 },
  upcast: event => event,
};

commandField({
  name: 'polish',
  description: 'Polishes a pebble.',
  rule: 'authenticated',
  noun: 'pebble',
  input: builder.inputType('PolishInput', {
    fields: t => ({
      pebbleId: t.id({ required: true }),
      name: t.string({ required: true, defaultValue: 'round' }),
      expectedVersion: t.int(),
      idempotencyKey: t.field({ type: 'IdempotencyKey' }),
    }),
  }),
  result: commandResult('pebble', Pebble, { payload: 'Accepted.', result: 'What became of it.' }),
  decider: pebbleDecider,
  toCommand({ pebbleId, name }, _context, ids) {
    const issues = textIssues(['input', 'name'], name, 10);
    if (issues.length > 0) return { issues };
    return { streamId: pebbleId, command: { type: 'Polish', name, chipId: ids.derive('chp', 'chip') } };
  },
});

const schema = builder.toSchema();
const [pebble] = pebbles;
const pebbleId = pebble!.pebbleId;

let calls: (CommandCall<Polish> & { readonly command: Polish })[] = [];
beforeEach(() => {
  calls = [];
});

function answering(answer: CommandAnswer<Refusal>): Dependencies {
  const handle = ((_decider: unknown, call: (typeof calls)[number]) => {
    calls.push(call);
    return Promise.resolve(answer);
  }) as unknown as HandleCommand;
  return { handle } as Dependencies;
}

const accepted = { type: 'accepted', streamId: pebbleId, version: 4, position: position(12), replayed: false } as const;
const anna = { role: 'staff', subject: 'anna' } as const;
const selection = `__typename
  ... on CommandError { message }
  ... on PebbleCommandPayload { pebbleId version position pebble { id } }
  ... on RejectedError { reason path current { id } }
  ... on NotFoundError { id }
  ... on VersionConflictError { expectedVersion actualVersion current { id } }
  ... on InvalidInputError { issues { path message } }`;

async function polish(
  input: object,
  answer: CommandAnswer<Refusal> = accepted,
  actor: typeof anna | { role: 'customer'; subject: string } = anna,
) {
  const result = await executeOperation({
    schema,
    document: parse(`mutation ($input: PolishInput!) { polish(input: $input) { ${selection} } }`),
    variableValues: { input: { pebbleId, ...input } },
    contextValue: createContext(answering(answer), logger, { identity: { actor, expiresAt: Infinity } }),
  });
  expect(result.errors).toBeUndefined();
  return { ...result, polished: result.data?.['polish'] };
}

describe('a command field', () => {
  test('an accepted command is answered with its position, and with the state after it', async () => {
    const { polished, extensions } = await polish({ expectedVersion: 3 });
    expect(polished).toEqual({
      __typename: 'PebbleCommandPayload',
      pebbleId,
      version: 4,
      position: formatPosition(position(12)),
      pebble: { id: pebbleId },
    });
    expect(extensions).toEqual({ position: formatPosition(position(12)) });
    expect(calls[0]).toMatchObject({ streamId: pebbleId, expectedVersion: 3, actor: anna, command: { name: 'round' } });
  });

  test('a stored command is never answered as an error, even if its result cannot be read', async () => {
    const missing = { ...accepted, streamId: 'pbl_00000000-0000-4000-8000-00000000000f' };
    expect((await polish({}, missing)).polished).toMatchObject({ version: 4, pebble: null });
  });

  test.each<[CommandAnswer<Refusal>, object]>([
    [
      { type: 'rejected', rejection: { reason: 'TOO_MANY_LINES', message: 'No.', path: ['input', 'name'] } },
      {
        __typename: 'RejectedError',
        message: 'No.',
        reason: 'TOO_MANY_LINES',
        path: ['input', 'name'],
        current: { id: pebbleId },
      },
    ],
    [
      { type: 'not-found' },
      { __typename: 'NotFoundError', message: 'There is no pebble with this id: check the id.', id: pebbleId },
    ],
    [
      { type: 'version-conflict', expectedVersion: 3, actualVersion: 5 },
      {
        __typename: 'VersionConflictError',
        message: 'The pebble is at version 5, not 3: read it again.',
        expectedVersion: 3,
        actualVersion: 5,
        current: { id: pebbleId },
      },
    ],
    [
      { type: 'key-reused' },
      {
        __typename: 'IdempotencyKeyReusedError',
        message: 'This idempotency key was used for another command: choose another one.',
      },
    ],
  ])('the result %j is a member of the union', async (answer, member) => {
    const { polished, extensions } = await polish({}, answer);
    expect(polished).toEqual(member);
    expect(extensions).toBeUndefined();
  });

  test('all problems of the input are reported at once, and nothing is executed', async () => {
    const { polished } = await polish({ name: '', expectedVersion: -1 });
    expect(polished).toEqual({
      __typename: 'InvalidInputError',
      message: "name can't be empty. A version can't be negative.",
      issues: [
        { path: ['input', 'name'], message: "name can't be empty." },
        { path: ['input', 'expectedVersion'], message: "A version can't be negative." },
      ],
    });
    expect(calls).toEqual([]);
  });

  test('a repeat under a key is the same command with the same ids; another key or caller is another', async () => {
    await polish({ idempotencyKey: 'k1' });
    await polish({ idempotencyKey: 'k1' });
    await polish({ idempotencyKey: 'k2' });
    await polish({ idempotencyKey: 'k1' }, accepted, { role: 'customer', subject: 'anna' });
    await polish({});
    await polish({});
    const [first, repeat, ...others] = calls.map(({ commandId }) => commandId);
    expect(repeat).toBe(first);
    expect(new Set([first, ...others]).size).toBe(5);
    expect(calls[1]?.command.chipId).toBe(calls[0]?.command.chipId);
    expect(calls[2]?.command.chipId).not.toBe(calls[0]?.command.chipId);
  });

  // Command ids and hashes are stored with each event: with another algorithm every repeat would be a new command.
  test('command ids and hashes never change', async () => {
    await polish({ idempotencyKey: 'k1' });
    expect(calls[0]?.commandId).toBe('29977141-7257-5d5c-b18f-865784a97950');
    expect(calls[0]?.commandHash).toBe('021e2b52059a6c439ce632b26a449048f43665f22e3acfed1f7f1dd75fd8fab9');
  });

  test('the hash covers the input in any order of its fields, without the key', async () => {
    const hash = hashOfCommand('polish', { a: 1, b: { c: 2, d: [3, 4] } });
    expect(hashOfCommand('polish', { b: { d: [3, 4], c: 2 }, a: 1, idempotencyKey: 'k' })).toBe(hash);
    for (const other of [{ a: 1, b: { c: 2, d: [4, 3] } }, { a: 1 }, { a: '1', b: { c: 2, d: [3, 4] } }]) {
      expect(hashOfCommand('polish', other)).not.toBe(hash);
    }
    expect(hashOfCommand('grind', { a: 1, b: { c: 2, d: [3, 4] } })).not.toBe(hash);
    await polish({ idempotencyKey: 'k1' });
    await polish({ idempotencyKey: 'k1', name: 'flat' });
    expect(calls[0]?.commandHash).not.toBe(calls[1]?.commandHash);
  });
});

test('a reason that two aggregates have means the same for both', () => {
  const reasons = { TOO_HEAVY: 'The pebble is too heavy.' };
  const others = { TOO_HEAVY: 'Nobody can lift it.' };
  expect(() => declareRejectionReasons([{ reasons }, { reasons: others }])).toThrow('TOO_HEAVY has two descriptions');
});
