// Shows that the event store is independent of orders: a whole bank account with the same decider type, handler and
// log.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accept, type Actor, type Decider, reject } from '../../src/commands/decider.ts';
import { type CommandReport, openCommandBus } from '../../src/commands/command-bus.ts';
import type { CommandCall, HandleCommand } from '../../src/commands/handle-command.ts';
import { openDatabase, type OpenDatabase } from '../../src/database/database.ts';
import { openEventStore } from '../../src/event-store/event-store.ts';
import { eventTypes } from '../../src/event-store/event-types.ts';
import { given } from '../support/given.ts';
import { logLines } from '../support/log-lines.ts';
import { useDatabase } from '../support/use-database.ts';

type Account = { readonly status: 'None' } | { readonly status: 'Open'; readonly balance: number };
type Command =
  | { readonly type: 'OpenAccount' }
  | { readonly type: 'Deposit'; readonly amount: number }
  | { readonly type: 'Withdraw'; readonly amount: number; readonly atm: 'ready' | 'out of order' }
  | { readonly type: 'WriteCheck'; readonly check: string; readonly amount: number };
type Event =
  | { readonly type: 'AccountOpened'; readonly data: object }
  | { readonly type: 'Deposited'; readonly data: { readonly amount: number; readonly balance: number } }
  | { readonly type: 'Withdrawn'; readonly data: { readonly amount: number; readonly balance: number } }
  | { readonly type: 'CheckWritten'; readonly data: { readonly check: string; readonly balance: number } };
type Reason = 'ACCOUNT_EXISTS' | 'OVERDRAFT' | 'ATM_REFUSED';

function refuse(reason: Reason, message: string) {
  return reject({ reason, message, path: ['input'] });
}

const account: Decider<Account, Command, Event, { reason: Reason; message: string; path: readonly string[] }> = {
  streamType: 'bank-account',
  idPrefix: 'acc',
  initialState: { status: 'None' },
  evolve: (_account, event) =>
    event.type === 'AccountOpened' ? { status: 'Open', balance: 0 } : { status: 'Open', balance: event.data.balance },
  decide(command, state) {
    const balance = state.status === 'Open' ? state.balance : 0;
    switch (command.type) {
      case 'OpenAccount':
        if (state.status === 'Open') return refuse('ACCOUNT_EXISTS', 'The account is open: use it.');
        return accept({ type: 'AccountOpened', data: {} });
      case 'Deposit':
        return accept({ type: 'Deposited', data: { amount: command.amount, balance: balance + command.amount } });
      case 'Withdraw':
        if (balance < command.amount) return refuse('OVERDRAFT', 'There is not that much: take less.');
        if (command.atm !== 'ready') return refuse('ATM_REFUSED', 'The machine gives nothing: try another.');
        return accept({ type: 'Withdrawn', data: { amount: command.amount, balance: balance - command.amount } });
      case 'WriteCheck':
        if (balance < command.amount) return refuse('OVERDRAFT', 'There is not that much: write less.');
        return accept({ type: 'CheckWritten', data: { check: command.check, balance: balance - command.amount } });
    }
  },
  rights: { OpenAccount: 'staff', Deposit: 'authenticated', Withdraw: 'authenticated', WriteCheck: 'authenticated' },
  reasons: {
    ACCOUNT_EXISTS: 'The account is open already.',
    OVERDRAFT: 'The account has too little.',
    ATM_REFUSED: 'The machine dispenses nothing.',
  },
  creates: command => command.type === 'OpenAccount',
  isVisibleTo: () => true,
  subject: () => undefined,
  erasure: 'none',
  schemaVersions: { AccountOpened: 1, Deposited: 1, Withdrawn: 1, CheckWritten: 1 },
  upcast: event => event,
};

const opened: Event = { type: 'AccountOpened', data: {} };
const holding = (balance: number): Event[] => [opened, { type: 'Deposited', data: { amount: balance, balance } }];

describe('an account', () => {
  test('accepts deposits', () => {
    given(account, [opened])
      .when({ type: 'Deposit', amount: 50 })
      .then([{ type: 'Deposited', data: { amount: 50, balance: 50 } }]);
  });
  test('pays out the amount that the machine dispenses', () => {
    given(account, holding(50))
      .when({ type: 'Withdraw', amount: 20, atm: 'ready' })
      .then([{ type: 'Withdrawn', data: { amount: 20, balance: 30 } }]);
  });
  test('keeps the balance if the machine dispenses nothing', () => {
    given(account, holding(50)).when({ type: 'Withdraw', amount: 20, atm: 'out of order' }).thenRejected('ATM_REFUSED');
  });
  test('is never overdrawn', () => {
    given(account, holding(50)).when({ type: 'Withdraw', amount: 51, atm: 'ready' }).thenRejected('OVERDRAFT');
    given(account, holding(50)).when({ type: 'WriteCheck', check: '1', amount: 51 }).thenRejected('OVERDRAFT');
  });
  test('is opened once', () => {
    given(account, [opened]).when({ type: 'OpenAccount' }).thenRejected('ACCOUNT_EXISTS');
  });
});

describe('on the log', () => {
  const real = useDatabase();
  let open: OpenDatabase;
  let nodes: [HandleCommand, HandleCommand];
  const settled: CommandReport[] = [];
  const { logger, lines } = logLines();

  beforeAll(async () => {
    open = await openDatabase({ databaseUrl: real.url, dataDir: '' });
    const store = () => openEventStore(open.database, eventTypes([account]), () => undefined);
    const node = () => openCommandBus(store(), [account], { logger, settled: report => void settled.push(report) });
    nodes = [node(), node()];
  });
  afterAll(async () => {
    await open.close();
  });

  function ask(
    node: 0 | 1,
    streamId: string,
    command: CommandCall<Command>['command'],
    key = randomUUID(),
    role: Actor['role'] = 'staff',
  ) {
    const actor = { role, subject: 'teller' };
    const call = { streamId, command, commandId: key, commandHash: 'aa', actor, correlationId: key, now: new Date() };
    return nodes[node](account, call);
  }

  test('fifty withdrawals of 10 from 300, over two nodes, leave nothing and overdraw nothing', async () => {
    const streamId = `acc_${randomUUID()}`;
    await ask(0, streamId, { type: 'OpenAccount' });
    await ask(1, streamId, { type: 'Deposit', amount: 300 });
    const input = { type: 'Withdraw', amount: 10 } as const;
    const atm = () => Promise.resolve('ready' as const);
    const withdraw = { type: input.type, input, complete: async () => ({ ...input, atm: await atm() }) };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(i % 2 ? 0 : 1, streamId, withdraw)));
    expect(answers.filter(answer => answer.type === 'accepted')).toHaveLength(30);
    expect(answers.filter(answer => answer.type === 'rejected')).toHaveLength(20);
    const events = await open.database.models.event.findMany({
      where: { streamId },
      orderBy: { version: 'desc' },
      take: 1,
    });
    expect(events).toMatchObject([{ version: 32, data: { balance: 0 } }]);
  });

  test('a check that is sent twice under one key is written once, and both requests get the same answer', async () => {
    const streamId = `acc_${randomUUID()}`;
    await ask(0, streamId, { type: 'OpenAccount' });
    await ask(0, streamId, { type: 'Deposit', amount: 100 });
    const key = randomUUID();
    const check = { type: 'WriteCheck', check: '7', amount: 60 } as const;
    const [first, second] = await Promise.all([ask(0, streamId, check, key), ask(1, streamId, check, key)]);
    for (const answer of [first, second]) expect(answer).toMatchObject({ type: 'accepted', version: 3 });
    expect(await open.database.models.event.count({ where: { streamId } })).toBe(3);
  });

  test('gets authorization, input checks, log lines and metrics by its entry in the list', async () => {
    const streamId = `acc_${randomUUID()}`;
    await expect(ask(0, streamId, { type: 'OpenAccount' }, undefined, 'customer')).rejects.toThrow(
      'Only staff may send OpenAccount',
    );
    await ask(0, streamId, { type: 'OpenAccount' });
    const bad = { type: 'WriteCheck', check: '\u0000', amount: 1 } as const;
    const complete = () => Promise.reject(new Error('completed before its input was checked'));
    for (const command of [bad, { type: bad.type, input: bad, complete }])
      expect(await ask(0, streamId, command)).toMatchObject({ type: 'invalid-input', issues: [{ path: ['check'] }] });
    const reports = settled.filter(report => report.streamId === streamId);
    expect(reports.map(one => one.outcome)).toEqual(['forbidden', 'accepted', 'invalid-input', 'invalid-input']);
    expect(lines.filter(line => line.msg === 'command settled').slice(-4)).toMatchObject(reports);
  });
});
