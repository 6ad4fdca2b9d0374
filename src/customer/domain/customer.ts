import type { CustomerEvent } from './events.ts';

/** The state that decisions need. Names and addresses are for views only, so it contains no personal data. */
export type Customer =
  | { readonly status: 'None' }
  | { readonly status: 'Registered' | 'Erased'; readonly customerId: string };

export const noCustomer: Customer = { status: 'None' };

/** The customer after one more event. */
export function evolve(customer: Customer, event: CustomerEvent): Customer {
  switch (event.type) {
    case 'CustomerRegistered':
      return { status: 'Registered', customerId: event.data.customerId };
    case 'CustomerRenamed':
      return customer;
    case 'CustomerErased':
      return customer.status === 'None' ? customer : { ...customer, status: 'Erased' };
  }
}
