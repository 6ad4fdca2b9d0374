import { createValueStore } from '../value-store.ts';

/** The currency of all sums: amounts in different currencies are never added up. */
export const currency = createValueStore('EUR');
