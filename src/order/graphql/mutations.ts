import type { ReadState } from '../../commands/handle-command.ts';
import { customerDecider } from '../../customer/decider.ts';
import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { commandField, type CommandIds, idempotencyKeyDescription } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import { viewerOf } from '../../graphql/context.ts';
import { currencyIssues, idIssues, textIssues } from '../../graphql/text-input.ts';
import { productDecider } from '../../product/decider.ts';
import { type MaybePromise, whenReady } from '../../async/maybe-promise.ts';
import { orderDecider } from '../decider.ts';
import type { CreateOrder, OrderCommand, ProductOnOffer } from '../domain/commands.ts';
import { longestCarrier, longestReason, longestReference, maximumLines, maximumQuantity } from '../domain/limits.ts';
import { Order } from './types.ts';

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

const CreateOrderInput = builder.inputType('CreateOrderInput', {
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
        'The currency of the order. The default is the currency of its first item. Codes that are not money, like XXX or XAU, are rejected. The server itself returns XXX for an order without a currency.',
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

const AddOrderItemInput = builder.inputType('AddOrderItemInput', {
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

const RemoveOrderItemInput = builder.inputType('RemoveOrderItemInput', {
  description: 'The line to remove from a draft.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: 'The id of the line, `lin_<uuid>`.' }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ChangeOrderItemQuantityInput = builder.inputType('ChangeOrderItemQuantityInput', {
  description: 'The new quantity of a line of a draft.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    lineId: t.id({ required: true, description: 'The id of the line, `lin_<uuid>`.' }),
    quantity: t.int({ required: true, description: quantityDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const SubmitOrderInput = builder.inputType('SubmitOrderInput', {
  description: 'The draft to submit.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ConfirmOrderInput = builder.inputType('ConfirmOrderInput', {
  description: 'The submitted order to confirm.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const ShipOrderInput = builder.inputType('ShipOrderInput', {
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

const DeliverOrderInput = builder.inputType('DeliverOrderInput', {
  description: 'The shipped order that was delivered.',
  fields: t => ({
    orderId: t.id({ required: true, description: orderIdDescription }),
    expectedVersion: t.int({ description: expectedVersionDescription }),
    idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
  }),
});

const CancelOrderInput = builder.inputType('CancelOrderInput', {
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

const OrderCommandResult = commandResult('order', Order, {
  payload:
    'The result of an order command that was accepted. Its events are stored. A repeat with the same idempotency key gets the version and position of the first result.',
  result: 'The result of an order command.',
});

const orderCommand = { noun: 'order', result: OrderCommandResult, decider: orderDecider } as const;

commandField({
  ...orderCommand,
  name: 'createOrder',
  description: 'Creates an order in the status DRAFT.',
  rule: 'authenticated',
  input: CreateOrderInput,
  toCommand(input, context, ids) {
    const { role, subject } = viewerOf(context);
    const { orderId, items, currency, reference } = input;
    if (role === 'customer' && input.customerId != null && input.customerId !== subject) {
      throw codedError('FORBIDDEN', 'Customers can order only for themselves.');
    }
    const customerId = role === 'customer' ? subject : input.customerId;
    const issues = [
      ...idIssues(['input', 'orderId'], 'ord', orderId),
      ...idIssues(['input', 'customerId'], 'cus', customerId),
      ...(customerId == null ? [{ path: ['input', 'customerId'], message: 'customerId is required for staff.' }] : []),
      // An order with more lines is refused anyway. A document may give too many lines to each of fifty commands, so
      // only the first ones are examined.
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
    // Too many items are rejected in any case, so thousands of products are not looked up first.
    return command.items.length > maximumLines ? { streamId, command } : { streamId, command, enrich: withReferences };
  },
});

commandField({
  ...orderCommand,
  name: 'addOrderItem',
  description: 'Adds an item to a draft, at the current price of the product.',
  rule: 'authenticated',
  input: AddOrderItemInput,
  toCommand({ orderId, productId, quantity, lineId: requestedLineId }, _context, ids) {
    const issues = [
      ...idIssues(['input', 'orderId'], 'ord', orderId),
      ...idIssues(['input', 'productId'], 'prd', productId),
      ...idIssues(['input', 'lineId'], 'lin', requestedLineId),
    ];
    if (issues.length > 0) return { issues };
    const product = { productId, offer: undefined };
    const command = { type: 'AddOrderItem', lineId: requestedLineId ?? lineId(ids, 0), quantity, product } as const;
    return { streamId: orderId, command, enrich: withReferences };
  },
});

commandField({
  ...orderCommand,
  name: 'removeOrderItem',
  description: 'Removes a line from a draft.',
  rule: 'authenticated',
  input: RemoveOrderItemInput,
  toCommand: ({ orderId, lineId }) => onOrder(orderId, { type: 'RemoveOrderItem', lineId }, lineIssues(lineId)),
});

commandField({
  ...orderCommand,
  name: 'changeOrderItemQuantity',
  description: 'Changes the quantity of a line of a draft.',
  rule: 'authenticated',
  input: ChangeOrderItemQuantityInput,
  toCommand: ({ orderId, lineId, quantity }) =>
    onOrder(orderId, { type: 'ChangeOrderItemQuantity', lineId, quantity }, lineIssues(lineId)),
});

commandField({
  ...orderCommand,
  name: 'submitOrder',
  description: 'Submits a draft. After that its lines cannot be changed.',
  rule: 'authenticated',
  input: SubmitOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'SubmitOrder' }),
});

commandField({
  ...orderCommand,
  name: 'confirmOrder',
  description: 'Confirms a submitted order (staff only).',
  rule: 'staff',
  input: ConfirmOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'ConfirmOrder' }),
});

commandField({
  ...orderCommand,
  name: 'shipOrder',
  description: 'Marks a confirmed order as shipped (staff only).',
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
  description: 'Marks a shipped order as delivered (staff only).',
  rule: 'staff',
  input: DeliverOrderInput,
  toCommand: ({ orderId }) => onOrder(orderId, { type: 'DeliverOrder' }),
});

commandField({
  ...orderCommand,
  name: 'cancelOrder',
  description: 'Cancels an order that has not been shipped.',
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

/** Adds the data of the catalogue and of the customer to a command. A client never sends prices. */
function withReferences(command: OrderCommand, read: ReadState): MaybePromise<OrderCommand> {
  switch (command.type) {
    case 'CreateOrder':
      return withCustomerAndProducts(command, read);
    case 'AddOrderItem':
      return whenReady(onOffer(command.product, read), product => ({ ...command, product }));
    case 'ImportOrder': // no mutation creates this command, because it contains its own prices
    case 'RemoveOrderItem':
    case 'ChangeOrderItemQuantity':
    case 'SubmitOrder':
    case 'ConfirmOrder':
    case 'ShipOrder':
    case 'DeliverOrder':
    case 'CancelOrder':
    case 'EraseOrder': // no mutation creates this command; an operator erases with the CLI
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
