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

/** What may be asked of a customer's record. */
export type CustomerCommand = RegisterCustomer | RenameCustomer;
