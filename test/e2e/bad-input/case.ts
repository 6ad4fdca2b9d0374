import { expect } from 'vitest';
import {
  AddOrderItemDocument,
  AddProductDocument,
  CancelOrderDocument,
  ChangeOrderItemQuantityDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  DeliverOrderDocument,
  RemoveOrderItemDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
} from '../../generated/graphql.ts';
import type { Made, World } from './world.ts';

/** A bad input and its expected answer. */
export interface Case {
  readonly name: string;
  readonly operation: Operation;
  readonly as: 'customer' | 'staff' | 'unregistered';
  readonly answer: Expected;
}

export type Operation = readonly [document: { toString(): string }, variables: object];

export type Expected =
  /** Part of the expected member of the result union. */
  | { readonly __typename: string; readonly [field: string]: unknown }
  /** The operation's only error: its code, and other extensions. */
  | { readonly code: string; readonly [extension: string]: unknown };

export function asCustomer(name: string, operation: Operation, answer: Expected): Case {
  return { name, operation, as: 'customer', answer };
}

export function asStaff(name: string, operation: Operation, answer: Expected): Case {
  return { name, operation, as: 'staff', answer };
}

export const badUserInput: Expected = { code: 'BAD_USER_INPUT' };
export const forbidden: Expected = { code: 'FORBIDDEN' };

export function rejected(reason: string, ...path: string[]): Expected {
  return { __typename: 'RejectedError', reason, path: ['input', ...path] };
}

export function notFound(id: string): Expected {
  return { __typename: 'NotFoundError', id };
}

export function invalid(...path: string[]): Expected {
  const message: unknown = expect.stringMatching(/^\S.*\.$/);
  return { __typename: 'InvalidInputError', issues: [{ path: ['input', ...path], message }] };
}

const documents = {
  addOrderItem: AddOrderItemDocument,
  removeOrderItem: RemoveOrderItemDocument,
  changeOrderItemQuantity: ChangeOrderItemQuantityDocument,
  submitOrder: SubmitOrderDocument,
  confirmOrder: ConfirmOrderDocument,
  shipOrder: ShipOrderDocument,
  deliverOrder: DeliverOrderDocument,
  cancelOrder: CancelOrderDocument,
} as const;

/** A command for an existing order. */
export type OrderCommand = keyof typeof documents;

export const orderCommands = Object.keys(documents) as readonly OrderCommand[];

/** A valid command, with the changes of `more`. */
export function onOrder({ products }: World, name: OrderCommand, { id, lineId }: Made, more: object = {}): Operation {
  const inputs: { readonly [Name in OrderCommand]: object } = {
    addOrderItem: { productId: products.tea },
    removeOrderItem: { lineId },
    changeOrderItemQuantity: { lineId, quantity: 2 },
    submitOrder: {},
    confirmOrder: {},
    shipOrder: { carrier: 'Post' },
    deliverOrder: {},
    cancelOrder: { reason: 'no more' },
  };
  return [documents[name], { input: { orderId: id, ...inputs[name], ...more } }];
}

export function create(input: object): Operation {
  return [CreateOrderDocument, { input }];
}

export function addProduct(input: object): Operation {
  const price = { amount: '1.00', currency: 'EUR' };
  return [AddProductDocument, { input: { sku: 'never-added', name: 'Never added', price, ...input } }];
}
