import { createStore } from '@orderstream/client';

/** The currency of all sums: amounts in different currencies are never added up. */
export const currency = createStore('EUR');
