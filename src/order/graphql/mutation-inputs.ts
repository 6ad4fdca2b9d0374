import { builder } from '../../graphql/builder.ts';
import { idempotencyKeyDescription } from '../../graphql/command-field.ts';
import { longestCarrier, longestReason, longestReference, maximumLines, maximumQuantity } from '../domain/limits.ts';

const orderIdDescription = 'The id of the order, `ord_<uuid>`.';
const expectedVersionDescription =
  'If it is set and the order is at another version, the command fails with a VersionConflictError.';
const quantityDescription = `The number of units, from 1 to ${maximumQuantity}.`;

const OrderItemInput = builder.inputType('OrderItemInput', {
  description: 'An item of a new order: a product and its quantity.',
  fields: t => ({
    productId: t.id({ required: true, description: 'The id of the product, `prd_<uuid>`.' }),
    quantity: t.int({ required: true, description: quantityDescription }),
  }),
});

export const CreateOrderInput = builder.inputType('CreateOrderInput', {
  description: 'The data of a new order.',
  fields: t => ({
    orderId: t.id({
      description:
        'The id of the new order, `ord_<uuid>`. A client sets it if it needs the id before the response. By default the server creates it.',
    }),
    customerId: t.id({
      description:
        'The customer for whom staff creates the order. Customers can order only for themselves and leave it out.',
    }),
    currency: t.field({
      type: 'CurrencyCode',
      description:
        'The currency of the order. The default is the currency of its first item. Codes that are not money, like XXX or XAU, are rejected; XXX is only returned.',
    }),
    items: t.field({
      type: [OrderItemInput],
      required: false,
      defaultValue: [],
      description: `The first items of the order, at most ${maximumLines}.`,
    }),
    reference: t.string({
      description: `The caller's own reference for the order, at most ${longestReference} characters.`,
    }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const AddOrderItemInput = builder.inputType('AddOrderItemInput', {
  description:
    'An item to add to a draft. If the draft has a line with the same product and price, its quantity is increased. Otherwise a new line is added.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    productId: t.id({ required: true, description: 'The id of the product, `prd_<uuid>`.' }),
    quantity: t.int({ required: true, defaultValue: 1, description: quantityDescription }),
    lineId: t.id({
      description: 'The id of the line if a new one is added, `lin_<uuid>`. By default the server creates it.',
    }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const RemoveOrderItemInput = builder.inputType('RemoveOrderItemInput', {
  description: 'The line to remove from a draft.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: 'The id of the line, `lin_<uuid>`.' }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const ChangeOrderItemQuantityInput = builder.inputType('ChangeOrderItemQuantityInput', {
  description: 'The new quantity of a line of a draft.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: 'The id of the line, `lin_<uuid>`.' }),
    quantity: t.int({ required: true, description: quantityDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const SubmitOrderInput = builder.inputType('SubmitOrderInput', {
  description: 'The draft to submit.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const ConfirmOrderInput = builder.inputType('ConfirmOrderInput', {
  description: 'The submitted order to confirm.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const ShipOrderInput = builder.inputType('ShipOrderInput', {
  description: 'The confirmed order that was shipped.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    carrier: t.string({
      required: true,
      description: `The carrier of the shipment, at most ${longestCarrier} characters.`,
    }),
    trackingNumber: t.string({
      description: `The tracking number of the carrier, at most ${longestCarrier} characters.`,
    }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const DeliverOrderInput = builder.inputType('DeliverOrderInput', {
  description: 'The shipped order that was delivered.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

export const CancelOrderInput = builder.inputType('CancelOrderInput', {
  description: 'The order to cancel, and the reason.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    reason: t.string({
      required: true,
      description: `The reason, at most ${longestReason} characters. It may have line breaks.`,
    }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});
