import { codedError } from '../../graphql/coded-error.ts';
import type { InputIssue } from '../../graphql/command-errors.ts';
import { commandField, type CommandIds } from '../../graphql/command-field.ts';
import { commandResult } from '../../graphql/command-result.ts';
import { viewerOf } from '../../graphql/context.ts';
import { idIssues, textIssues } from '../../graphql/text-input.ts';
import { currencyIssues } from '../../product/graphql/currency-issues.ts';
import { orderDecider } from '../decider.ts';
import type { OrderCommand } from '../domain/commands.ts';
import { longestCarrier, longestReason, longestReference, maximumLines } from '../domain/limits.ts';
import { addOrderItemAtCurrentPrice, createOrderAtCurrentPrices } from './current-prices.ts';
import {
  AddOrderItemInput,
  CancelOrderInput,
  ChangeOrderItemQuantityInput,
  ConfirmOrderInput,
  CreateOrderInput,
  DeliverOrderInput,
  RemoveOrderItemInput,
  ShipOrderInput,
  SubmitOrderInput,
} from './mutation-inputs.ts';
import { Order } from './types.ts';

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
    const { orderId, currency, reference } = input;
    // An order with more items is rejected, and these are enough to reject it. A document may give too many items to
    // each of fifty commands, so the others are neither checked nor looked up.
    const items = (input.items ?? []).slice(0, maximumLines + 1);
    if (role === 'customer' && input.customerId != null && input.customerId !== subject) {
      throw codedError('FORBIDDEN', 'Customers can order only for themselves.');
    }
    const customerId = role === 'customer' ? subject : input.customerId;
    const issues = [
      ...idIssues(['input', 'orderId'], 'ord', orderId),
      ...idIssues(['input', 'customerId'], 'cus', customerId),
      ...(customerId == null ? [{ path: ['input', 'customerId'], message: 'customerId is required for staff.' }] : []),
      ...items.flatMap(({ productId }, index) =>
        idIssues(['input', 'items', String(index), 'productId'], 'prd', productId),
      ),
      ...currencyIssues(['input', 'currency'], currency),
      ...textIssues(['input', 'reference'], reference, longestReference),
    ];
    if (issues.length > 0 || customerId == null) return { issues };
    const streamId = orderId ?? ids.derive('ord', 'order');
    const command = createOrderAtCurrentPrices({
      orderId: streamId,
      customerId,
      currency: currency ?? undefined,
      reference: reference ?? undefined,
      items: items.map(({ productId, quantity }, index) => ({ lineId: lineId(ids, index), quantity, productId })),
    });
    return { streamId, command };
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
    const item = { lineId: requestedLineId ?? lineId(ids, 0), quantity, productId };
    return { streamId: orderId, command: addOrderItemAtCurrentPrice(item) };
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
