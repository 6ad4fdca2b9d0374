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

/** The customer's key was emptied: what it sealed is to be shown as erased. */
export interface EraseCustomer {
  readonly type: 'EraseCustomer';
}

/** The commands of a customer. */
export type CustomerCommand = RegisterCustomer | RenameCustomer | EraseCustomer;
