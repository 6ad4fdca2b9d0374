import { builder } from '../../../../src/graphql/builder.ts';
import { commandField, idempotencyKeyDescription } from '../../../../src/graphql/command-field.ts';
import { commandResult } from '../../../../src/graphql/command-result.ts';
import { idIssues } from '../../../../src/graphql/text-input.ts';
import { accountDecider } from '../decider.ts';
import type { AccountCommand } from '../domain/account.ts';
import { Account } from './types.ts';

const AccountCommandResult = commandResult('account', Account, {
  payload: 'The result of an account command that was accepted.',
  result: 'The result of an account command.',
});

commandField({
  name: 'openAccount',
  description: 'Opens an account.',
  rule: 'staff',
  noun: 'account',
  input: builder.inputType('OpenAccountInput', {
    description: 'The data of a new account.',
    fields: t => ({
      customerId: t.id({ required: true, description: 'The customer to whom it belongs.' }),
      holder: t.string({ required: true, description: 'The name of its holder.' }),
      idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
    }),
  }),
  result: AccountCommandResult,
  decider: accountDecider,
  toCommand({ customerId, holder }, _context, ids) {
    const streamId = ids.derive(accountDecider.idPrefix, 'account');
    return { streamId, command: { type: 'OpenAccount', customerId, holder } as const };
  },
});

for (const [name, type, commandOf] of [
  ['deposit', 'Deposit', (amount: number): AccountCommand => ({ type: 'Deposit', amount })],
  ['withdraw', 'Withdraw', (amount: number): AccountCommand => ({ type: 'Withdraw', amount })],
] as const) {
  commandField({
    name,
    description: `The command ${type}.`,
    rule: 'authenticated',
    noun: 'account',
    input: builder.inputType(`${type}Input`, {
      description: 'An amount, and the account.',
      fields: t => ({
        accountId: t.id({ required: true, description: 'The id of the account.' }),
        amount: t.int({ required: true, description: 'The amount, in cents.' }),
        idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
      }),
    }),
    result: AccountCommandResult,
    decider: accountDecider,
    toCommand({ accountId, amount }) {
      const issues = idIssues(['input', 'accountId'], accountDecider.idPrefix, accountId);
      return issues.length > 0 ? { issues } : { streamId: accountId, command: commandOf(amount) };
    },
  });
}
