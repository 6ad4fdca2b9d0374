import { accept, type Decision } from '../../../../src/commands/decider.ts';
import type { Account, AccountCommand, AccountEvent } from './account.ts';
import { type AccountRejection, refuse } from './rejection.ts';

export function decide(command: AccountCommand, account: Account): Decision<AccountEvent, AccountRejection> {
  if (command.type === 'OpenAccount') {
    if (account.status === 'Open') return refuse('ACCOUNT_ALREADY_OPEN', 'accountId');
    const { customerId, holder } = command;
    return accept({ type: 'AccountOpened', data: { customerId }, personal: { holder } });
  }
  if (account.status === 'None') throw new Error(`${command.type} needs an account, and there is none`);
  switch (command.type) {
    case 'Deposit':
      return accept({ type: 'Deposited', data: { amount: command.amount } });
    case 'Withdraw':
      if (account.balance < command.amount) return refuse('BALANCE_TOO_LOW', 'amount');
      return accept({ type: 'Withdrawn', data: { amount: command.amount } });
    case 'EraseAccount':
      return accept({ type: 'AccountErased', data: {} });
  }
}
