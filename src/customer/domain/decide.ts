import { accept, type Decision } from '../../commands/decider.ts';
import type { CustomerCommand } from './commands.ts';
import type { Customer } from './customer.ts';
import type { CustomerEvent } from './events.ts';
import { refuse, type CustomerRejection } from './rejection.ts';

/** Decides which events a command causes, or why it is rejected. */
export function decide(command: CustomerCommand, customer: Customer): Decision<CustomerEvent, CustomerRejection> {
  switch (command.type) {
    case 'RegisterCustomer': {
      if (customer.status !== 'None') return refuse('CUSTOMER_ALREADY_EXISTS');
      const { customerId, name, email } = command;
      return accept({ type: 'CustomerRegistered', data: { customerId }, personal: { name, email } });
    }
    case 'RenameCustomer':
      if (customer.status === 'None') throw new Error('RenameCustomer needs a customer, and there is none');
      if (customer.status === 'Erased') return refuse('CUSTOMER_NOT_FOUND');
      return accept({ type: 'CustomerRenamed', data: {}, personal: { name: command.name } });
    case 'EraseCustomer':
      return accept({ type: 'CustomerErased', data: {} });
  }
}
