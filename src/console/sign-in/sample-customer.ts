import { customers } from '../../simulation/customers.ts';

/** The customer of development: a server without a configuration has her in its sample data. */
export const sampleCustomer = customers[0];
