import { reject } from '../../commands/decider.ts';

// The messages say what to do.
const messages = {
  CUSTOMER_ALREADY_EXISTS: 'A customer with this id exists already: rename the customer or choose another id.',
  CUSTOMER_NOT_FOUND: 'This customer was erased: register the customer with another id.',
} as const;

export type CustomerRejectionReason = keyof typeof messages;

/** The reasons and what they mean, as in the public schema. */
export const customerRejectionReasons: { readonly [Reason in CustomerRejectionReason]: string } = {
  CUSTOMER_NOT_FOUND: 'There is no customer with this id.',
  CUSTOMER_ALREADY_EXISTS: 'A customer with this id exists already.',
};

export interface CustomerRejection {
  readonly reason: CustomerRejectionReason;
  /** For people: the reason, and what to do. */
  readonly message: string;
  /** Path to the rejected part of the mutation's arguments. */
  readonly path: readonly string[];
}

export function refuse(reason: CustomerRejectionReason) {
  return reject<CustomerRejection>({ reason, message: messages[reason], path: ['input', 'customerId'] });
}
