import { reject } from '../../../../src/commands/decider.ts';

const messages = {
  ACCOUNT_ALREADY_OPEN: 'The account is open already: use it.',
  BALANCE_TOO_LOW: 'The account has too little: withdraw less.',
} as const;

export type AccountRejectionReason = keyof typeof messages;

export const accountRejectionReasons: { readonly [Reason in AccountRejectionReason]: string } = {
  ACCOUNT_ALREADY_OPEN: 'An account with this id is open already.',
  BALANCE_TOO_LOW: 'The account has less than the amount to withdraw.',
};

export interface AccountRejection {
  readonly reason: AccountRejectionReason;
  readonly message: string;
  readonly path: readonly string[];
}

export function refuse(reason: AccountRejectionReason, field: string) {
  return reject<AccountRejection>({ reason, message: messages[reason], path: ['input', field] });
}
