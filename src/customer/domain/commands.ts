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

/** The customer's key was deleted: the views show the personal data that it encrypted as erased. */
export interface EraseCustomer {
  readonly type: 'EraseCustomer';
}

/** The commands of a customer. */
export type CustomerCommand = RegisterCustomer | RenameCustomer | EraseCustomer;
