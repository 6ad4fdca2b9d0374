import { expect } from 'vitest';
import { schema } from '../../../src/schema.ts';
import type { Answer } from '../../support/typed-document.ts';
import { type Caller, isKnown } from './callers.ts';

/** The audience of a root field: operators, staff, the owner of its subject, or every authenticated caller. */
export type Audience = 'operator' | 'staff' | 'owner' | 'anyone';

/** Written by hand, beside the declarations in the code: a changed rule fails here, and so does a missing field. */
export const audiences: Readonly<Record<string, Audience>> = {
  node: 'owner',
  nodes: 'owner',
  viewer: 'anyone',
  order: 'owner',
  orderAt: 'owner',
  orderByNumber: 'owner',
  orders: 'staff',
  // Without a customer's id: of staff all orders, of a customer their own.
  orderCounts: 'anyone',
  customer: 'owner',
  customers: 'staff',
  product: 'anyone',
  products: 'anyone',
  salesByDay: 'staff',
  topProducts: 'staff',
  projections: 'staff',
  parkedStreams: 'staff',
  processes: 'staff',
  registerCustomer: 'anyone',
  renameCustomer: 'owner',
  createOrder: 'anyone',
  addOrderItem: 'owner',
  removeOrderItem: 'owner',
  changeOrderItemQuantity: 'owner',
  submitOrder: 'owner',
  confirmOrder: 'staff',
  shipOrder: 'staff',
  deliverOrder: 'staff',
  cancelOrder: 'owner',
  addProduct: 'staff',
  changeProduct: 'staff',
  eraseCustomer: 'operator',
  rebuildView: 'operator',
  abandonRebuild: 'operator',
  retryParkedStream: 'operator',
  skipParkedStream: 'operator',
  orderUpdated: 'owner',
  customerOrdersUpdated: 'owner',
  ordersUpdated: 'staff',
  orderCountsUpdated: 'anyone',
  orderEvents: 'owner',
  customerUpdated: 'owner',
  productsUpdated: 'anyone',
  eventsAppended: 'staff',
  projectionsUpdated: 'staff',
};

export type Kind = 'query' | 'mutation' | 'subscription';
const roots = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
] as const;
export const rootFields = roots.flatMap(([kind, type]) =>
  Object.values(type!.getFields()).map(field => ({ kind, field })),
);

export type Verdict = 'answered' | 'as if it were missing' | 'UNAUTHENTICATED' | 'FORBIDDEN';

/** The expected answer for a subject that the customer owns. */
export function expected(caller: Caller, audience: Audience | undefined): Verdict {
  if (!isKnown(caller)) return 'UNAUTHENTICATED';
  // An operator may do all that staff may.
  if (caller === 'operator') return 'answered';
  if (audience === 'operator') return 'FORBIDDEN';
  if (caller === 'staff' || audience === 'anyone') return 'answered';
  if (audience === 'staff') return 'FORBIDDEN';
  return caller === 'customer' ? 'answered' : 'as if it were missing';
}

/** @param name name of the root field */
export function verdictOf(name: string, { data, errors }: Answer<Record<string, unknown>>): Verdict {
  const code = errors?.[0]?.extensions.code;
  const value = data?.[name];
  if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') {
    expect(value ?? null).toBeNull();
    return code;
  }
  if (code === 'NOT_FOUND') return 'as if it were missing';
  expect(errors).toBeUndefined();
  const first = Array.isArray(value) && name === 'nodes' ? (value[0] as unknown) : value;
  const missing = first === null || (first as { readonly __typename?: string }).__typename === 'NotFoundError';
  return missing ? 'as if it were missing' : 'answered';
}
