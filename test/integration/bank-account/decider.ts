import { type Decider, hasRight } from '../../../src/commands/decider.ts';
import { type Account, type AccountCommand, type AccountEvent, evolve, noAccount } from './domain/account.ts';
import { decide } from './domain/decide.ts';
import { type AccountRejection, accountRejectionReasons } from './domain/rejection.ts';

export const accountDecider: Decider<Account, AccountCommand, AccountEvent, AccountRejection> = {
  streamType: 'account',
  idPrefix: 'acc',
  initialState: noAccount,
  evolve,
  decide,
  rights: { OpenAccount: 'staff', Deposit: 'authenticated', Withdraw: 'authenticated', EraseAccount: 'operator' },
  reasons: accountRejectionReasons,
  creates: command => command.type === 'OpenAccount',
  isVisibleTo: (account, actor) =>
    hasRight(actor, 'staff') || (account.status === 'Open' && account.customerId === actor.subject),
  subject: account => (account.status === 'Open' ? account.customerId : undefined),
  erasure: { type: 'EraseAccount' },
  schemaVersions: { AccountOpened: 1, Deposited: 1, Withdrawn: 1, AccountErased: 1 },
  upcast: ({ type }, schemaVersion) => {
    throw new Error(`${type} has no upcast from schema version ${schemaVersion}`);
  },
};
