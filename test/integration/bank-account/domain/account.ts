export type AccountCommand =
  | { readonly type: 'OpenAccount'; readonly customerId: string; readonly holder: string }
  | { readonly type: 'Deposit'; readonly amount: number }
  | { readonly type: 'Withdraw'; readonly amount: number }
  | { readonly type: 'EraseAccount' };

export type AccountEvent =
  | {
      readonly type: 'AccountOpened';
      readonly data: { readonly customerId: string };
      readonly personal: { readonly holder: string } | undefined;
    }
  | { readonly type: 'Deposited'; readonly data: { readonly amount: number } }
  | { readonly type: 'Withdrawn'; readonly data: { readonly amount: number } }
  | { readonly type: 'AccountErased'; readonly data: Readonly<Record<string, never>> };

/** The state that decisions need. */
export type Account =
  | { readonly status: 'None' }
  | { readonly status: 'Open'; readonly customerId: string; readonly balance: number };

export const noAccount: Account = { status: 'None' };

export function evolve(account: Account, event: AccountEvent): Account {
  if (event.type === 'AccountOpened') return { status: 'Open', customerId: event.data.customerId, balance: 0 };
  if (account.status === 'None') throw new Error(`${event.type} can't be the first event of an account`);
  switch (event.type) {
    case 'Deposited':
      return { ...account, balance: account.balance + event.data.amount };
    case 'Withdrawn':
      return { ...account, balance: account.balance - event.data.amount };
    case 'AccountErased':
      return account;
  }
}
