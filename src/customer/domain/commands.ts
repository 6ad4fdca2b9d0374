export interface RegisterCustomer {
  readonly type: 'RegisterCustomer';
  readonly customerId: string;
  readonly name: string;
  readonly email: string;
}

export interface RenameCustomer {
  readonly type: 'RenameCustomer';
  readonly name: string;
}

/** Their key is gone: what it sealed is to be shown as erased. */
export interface EraseCustomer {
  readonly type: 'EraseCustomer';
}

/** What may be asked of a customer's record. */
export type CustomerCommand = RegisterCustomer | RenameCustomer | EraseCustomer;
