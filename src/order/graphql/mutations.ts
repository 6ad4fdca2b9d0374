import type { ReadState } from '../../commands/handle-command.ts';
import { customerDecider } from '../../customer/decider.ts';
import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { commandField, type CommandIds } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import { viewerOf } from '../../graphql/context.ts';
import { currencyIssues, idIssues, textIssues } from '../../graphql/text-input.ts';
import { productDecider } from '../../product/decider.ts';
import { type MaybePromise, whenReady } from '../../async/maybe-promise.ts';
import { orderDecider } from '../decider.ts';
import type { CreateOrder, OrderCommand, ProductOnOffer } from '../domain/commands.ts';
import { longestCarrier, longestReason, longestReference, maximumLines, maximumQuantity } from '../domain/limits.ts';
import { Order } from './types.ts';

const orderIdDescription = '`ord_<uuid>`.';
const expectedVersionDescription = 'Refuse where the order is at another version.';
const idempotencyKeyDescription = 'The same key makes a repeat of the same command.';
const quantityDescription = `1 to ${maximumQuantity} units.`;

const OrderItemInput = builder.inputType('OrderItemInput', {
  description: 'So many units of one product.',
  fields: t => ({
    productId: t.id({ required: true, description: '`prd_<uuid>`.' }),
    quantity: t.int({ required: true, description: quantityDescription }),
  }),
});

const CreateOrderInput = builder.inputType('CreateOrderInput', {
  description: 'A new draft.',
  fields: t => ({
    orderId: t.id({
      description: "Chosen by the client where it wants to know the id before the answer; else the server's.",
    }),
    customerId: t.id({ description: 'Staff only; a customer orders for themself.' }),
    currency: t.field({
      type: 'CurrencyCode',
      description: 'Left out: that of the first item. It has to be one that things are sold in: not XXX or XAU.',
    }),
    items: t.field({
      type: [OrderItemInput],
      required: false,
      defaultValue: [],
      description: `At most ${maximumLines}.`,
    }),
    reference: t.string({ description: `The caller's own name for it, at most ${longestReference} characters.` }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const AddOrderItemInput = builder.inputType('AddOrderItemInput', {
  description: 'An item for a draft. A line of the same product at the same price is raised; else it is a new line.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    productId: t.id({ required: true, description: '`prd_<uuid>`.' }),
    quantity: t.int({ required: true, defaultValue: 1, description: quantityDescription }),
    lineId: t.id({ description: 'The id that a new line gets, `lin_<uuid>`.' }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const RemoveOrderItemInput = builder.inputType('RemoveOrderItemInput', {
  description: 'A line to take off a draft.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: '`lin_<uuid>`.' }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ChangeOrderItemQuantityInput = builder.inputType('ChangeOrderItemQuantityInput', {
  description: "A line's new quantity.",
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: '`lin_<uuid>`.' }),
    quantity: t.int({ required: true, description: quantityDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const SubmitOrderInput = builder.inputType('SubmitOrderInput', {
  description: 'A draft that is to be ordered.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ConfirmOrderInput = builder.inputType('ConfirmOrderInput', {
  description: 'A submitted order that the seller takes on.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ShipOrderInput = builder.inputType('ShipOrderInput', {
  description: 'A confirmed order that is on its way.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    carrier: t.string({ required: true, description: `Who carries it, at most ${longestCarrier} characters.` }),
    trackingNumber: t.string({ description: `The carrier's name for it, at most ${longestCarrier} characters.` }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const DeliverOrderInput = builder.inputType('DeliverOrderInput', {
  description: 'A shipped order that has arrived.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const CancelOrderInput = builder.inputType('CancelOrderInput', {
  description: 'An order that is not to be.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    reason: t.string({
      required: true,
      description: `Why, at most ${longestReason} characters. It may have line breaks.`,
    }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const OrderCommandResult = commandResult('order', Order, {
  payload:
    "An order command was accepted: its events are stored. `order` is the order as the command left it, or newer; null where it could not be read just then: the command counts all the same. A repeat under the same key gets the first answer's version and position.",
  result: 'What became of an order command.',
});

const orderCommand = { noun: 'order', result: OrderCommandResult, decider: orderDecider } as const;

commandField({
  ...orderCommand,
  name: 'createOrder',
  description: 'Starts a draft.',
  rule: 'authenticated',
  input: CreateOrderInput,
  toCommand(input, context, ids) {
    const { role, subject } = viewerOf(context);
    const { orderId, items, currency, reference } = input;
    if (role === 'customer' && input.customerId != null && input.customerId !== subject) {
      throw codedError('FORBIDDEN', 'A customer orders for themself only.');
    }
    const customerId = role === 'customer' ? subject : input.customerId;
    const issues = [
      ...idIssues(['input', 'orderId'], 'ord', orderId),
      ...idIssues(['input', 'customerId'], 'cus', customerId),
      ...(customerId == null ? [{ path: ['input', 'customerId'], message: 'Say for which customer.' }] : []),
      // Of more, which are refused anyway, not each one's problem is said: a document may give them to fifty commands.
      ...(items ?? [])
        .slice(0, maximumLines)
        .flatMap(({ productId }, index) => idIssues(['input', 'items', String(index), 'productId'], 'prd', productId)),
      ...currencyIssues(['input', 'currency'], currency),
      ...textIssues(['input', 'reference'], reference, longestReference),
    ];
    if (issues.length > 0 || customerId == null) return { issues };
    const streamId = orderId ?? ids.derive('ord', 'order');
    const command: CreateOrder = {
      type: 'CreateOrder',
      orderId: streamId,
      customer: { customerId, registered: false },
      currency: currency ?? undefined,
      reference: reference ?? undefined,
      items: (items ?? []).map(({ productId, quantity }, index) => ({
        lineId: lineId(ids, index),
        quantity,
        product: { productId, offer: undefined },
      })),
    };
    // So many are refused whatever the products are: thousands of them are not looked up for that.
    return command.items.length > maximumLines ? { streamId, command } : { streamId, command, enrich: withReferences };
  },
});

commandField({
  ...orderCommand,
  name: 'addOrderItem',
  description: 'Adds an item to a draft, at the price that the product has now.',
  rule: 'authenticated',
  input: AddOrderItemInput,
  toCommand({ orderId, productId, quantity, lineId: given }, _context, ids) {
    const issues = [
      ...idIssues(['input', 'orderId'], 'ord', orderId),
      ...idIssues(['input', 'productId'], 'prd', productId),
      ...idIssues(['input', 'lineId'], 'lin', given),
    ];
    if (issues.length > 0) return { issues };
    const product = { productId, offer: undefined };
    const command = { type: 'AddOrderItem', lineId: given ?? lineId(ids, 0), quantity, product } as const;
    return { streamId: orderId, command, enrich: withReferences };
  },
});

commandField({
  ...orderCommand,
  name: 'removeOrderItem',
  description: 'Takes a line off a draft.',
  rule: 'authenticated',
  input: RemoveOrderItemInput,
  toCommand: ({ orderId, lineId }) => onOrder(orderId, { type: 'RemoveOrderItem', lineId }, lineIssues(lineId)),
});

commandField({
  ...orderCommand,
  name: 'changeOrderItemQuantity',
  description: "Changes a draft line's quantity.",
  rule: 'authenticated',
  input: ChangeOrderItemQuantityInput,
  toCommand: ({ orderId, lineId, quantity }) =>
    onOrder(orderId, { type: 'ChangeOrderItemQuantity', lineId, quantity }, lineIssues(lineId)),
});

commandField({
  ...orderCommand,
  name: 'submitOrder',
  description: 'Orders what the draft has: from then on its lines are fixed.',
  rule: 'authenticated',
  input: SubmitOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'SubmitOrder' }),
});

commandField({
  ...orderCommand,
  name: 'confirmOrder',
  description: 'Takes a submitted order on (staff).',
  rule: 'staff',
  input: ConfirmOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'ConfirmOrder' }),
});

commandField({
  ...orderCommand,
  name: 'shipOrder',
  description: 'Says that a confirmed order is on its way (staff).',
  rule: 'staff',
  input: ShipOrderInput,
  toCommand({ orderId, carrier, trackingNumber }) {
    const command = { type: 'ShipOrder', carrier, trackingNumber: trackingNumber ?? undefined } as const;
    return onOrder(orderId, command, [
      ...textIssues(['input', 'carrier'], carrier, longestCarrier),
      ...textIssues(['input', 'trackingNumber'], trackingNumber, longestCarrier),
    ]);
  },
});

commandField({
  ...orderCommand,
  name: 'deliverOrder',
  description: 'Says that a shipped order has arrived (staff).',
  rule: 'staff',
  input: DeliverOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'DeliverOrder' }),
});

commandField({
  ...orderCommand,
  name: 'cancelOrder',
  description: 'Cancels an order that was not shipped.',
  rule: 'authenticated',
  input: CancelOrderInput,
  toCommand: ({ orderId, reason }) =>
    onOrder(
      orderId,
      { type: 'CancelOrder', reason },
      textIssues(['input', 'reason'], reason, longestReason, { lines: true }),
    ),
});

function onOrder(orderId: string, command: OrderCommand, otherIssues: readonly InputIssue[] = []) {
  const issues = [...idIssues(['input', 'orderId'], 'ord', orderId), ...otherIssues];
  return issues.length > 0 ? { issues } : { streamId: orderId, command };
}

function lineIssues(line: string): InputIssue[] {
  return idIssues(['input', 'lineId'], 'lin', line);
}

function lineId(ids: CommandIds, index: number): string {
  return ids.derive('lin', `line ${index}`);
}

/** Puts what the catalogue and the customer's record say into a command: prices never come from a client. */
function withReferences(command: OrderCommand, read: ReadState): MaybePromise<OrderCommand> {
  switch (command.type) {
    case 'CreateOrder':
      return withCustomerAndProducts(command, read);
    case 'AddOrderItem':
      return whenReady(onOffer(command.product, read), product => ({ ...command, product }));
    case 'ImportOrder': // no mutation makes one: it brings prices of its own
    case 'RemoveOrderItem':
    case 'ChangeOrderItemQuantity':
    case 'SubmitOrder':
    case 'ConfirmOrder':
    case 'ShipOrder':
    case 'DeliverOrder':
    case 'CancelOrder':
    case 'EraseOrder': // nor this: an operator erases
      return command;
  }
}

async function withCustomerAndProducts(command: CreateOrder, read: ReadState): Promise<CreateOrder> {
  const { customerId } = command.customer;
  const customer = await read(customerDecider, customerId);
  const items = await Promise.all(
    command.items.map(async item => ({ ...item, product: await onOffer(item.product, read) })),
  );
  return { ...command, customer: { customerId, registered: customer.status === 'Registered' }, items };
}

function onOffer({ productId }: ProductOnOffer, read: ReadState): MaybePromise<ProductOnOffer> {
  return whenReady(read(productDecider, productId), product => ({
    productId,
    offer: product.status === 'None' ? undefined : product,
  }));
}
