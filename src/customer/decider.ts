import { type Decider, hasRight } from '../commands/decider.ts';
import type { CustomerCommand } from './domain/commands.ts';
import { evolve, noCustomer, type Customer } from './domain/customer.ts';
import { decide } from './domain/decide.ts';
import type { CustomerEvent } from './domain/events.ts';
import { type CustomerRejection, customerRejectionReasons } from './domain/rejection.ts';

export const customerDecider: Decider<Customer, CustomerCommand, CustomerEvent, CustomerRejection> = {
  streamType: 'customer',
  idPrefix: 'cus',
  initialState: noCustomer,
  evolve,
  decide,
  rights: { RegisterCustomer: 'authenticated', RenameCustomer: 'authenticated', EraseCustomer: 'operator' },
  reasons: customerRejectionReasons,
  creates: command => command.type === 'RegisterCustomer',
  isVisibleTo: (customer, actor) =>
    hasRight(actor, 'staff') || (customer.status !== 'None' && customer.customerId === actor.subject),
  subject: customer => (customer.status === 'None' ? undefined : customer.customerId),
  erasure: { type: 'EraseCustomer' },
  schemaVersions: { CustomerRegistered: 1, CustomerRenamed: 1, CustomerErased: 1 },
  upcast: ({ type }, schemaVersion) => {
    throw new Error(`${type} has no upcast from schema version ${schemaVersion}`);
  },
};
