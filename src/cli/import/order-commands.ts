import { createHash } from 'node:crypto';
import type { DomainCommand } from '../../commands/decider.ts';
import type { CommandCall } from '../../commands/handle-command.ts';
import type { CustomerCommand } from '../../customer/domain/commands.ts';
import { deriveId, uuidV5 } from '../../ids.ts';
import type { OrderCommand } from '../../order/domain/commands.ts';
import type { ProductCommand } from '../../product/domain/commands.ts';
import { productIdOf, shownSku } from '../../product/product-id.ts';
import type { OrderLine } from './check-row.ts';
import type { FileOrder } from './read-orders.ts';

/**
 * Namespace of the ids that are derived from references, and of the command ids. Permanent, like the strings below
 * and the hashed content of each command: by them the next import finds what this one has stored.
 */
const namespace = '4c1f6a52-93c8-4d0e-8a57-6e0d3b9f7c21';

/** A command that is identical, to the byte, each time the same row is imported. */
export interface ImportCommand<Command extends DomainCommand>
  extends Pick<CommandCall<Command>, 'streamId' | 'commandId' | 'commandHash' | 'now'> {
  readonly command: Command;
}

/** The file has no e-mail addresses, so customers get one at a reserved domain (RFC 2606). */
export function registerCustomer(order: FileOrder): ImportCommand<CustomerCommand> {
  const { customerReference, customerName: name, orderedAt } = order;
  const customerId = customerIdOf(customerReference);
  return {
    streamId: customerId,
    command: { type: 'RegisterCustomer', customerId, name, email: placeholderAddress(customerReference, customerId) },
    ...named(`RegisterCustomer ${customerReference}`, [name]),
    now: orderedAt,
  };
}

export function addProduct(order: FileOrder, line: OrderLine): ImportCommand<ProductCommand> {
  const { sku, productName: name, unitPrice: price } = line;
  const { currency } = order;
  const productId = productIdOf(sku);
  return {
    streamId: productId,
    command: { type: 'AddProduct', productId, sku: shownSku(sku), name, price, currency },
    ...named(`AddProduct ${sku}`, [name, price, currency]),
    now: order.orderedAt,
  };
}

/**
 * @param order its customer and products are stored
 * @param idOf returns the id of the stored product with an SKU
 */
export function importOrder(order: FileOrder, idOf = productIdOf): ImportCommand<OrderCommand> {
  const { reference, customerReference, currency, orderedAt } = order;
  const orderId = orderIdOf(reference);
  const items = order.lines.map(({ sku, productName: name, quantity, unitPrice: price }, index) => ({
    lineId: deriveId('lin', namespace, `line ${index} of ${reference}`),
    quantity,
    // The offer as it was on that day, and not the current one in the catalogue.
    product: { productId: idOf(sku), offer: { sku: shownSku(sku), name, price, currency, available: true } },
  }));
  const customer = { customerId: customerIdOf(customerReference), registered: true };
  const lines = order.lines.map(line => [line.sku, line.productName, line.quantity, line.unitPrice]);
  return {
    streamId: orderId,
    command: { type: 'ImportOrder', orderId, customer, currency, reference, items },
    // Without the shipment: a later file may add the shipment of an order that an earlier file had without one.
    ...named(`ImportOrder ${reference}`, [customerReference, currency, orderedAt, lines]),
    now: orderedAt,
  };
}

export function confirmOrder({ reference }: FileOrder, at: Date): ImportCommand<OrderCommand> {
  return {
    streamId: orderIdOf(reference),
    command: { type: 'ConfirmOrder' },
    ...named(`ConfirmOrder ${reference}`, []),
    now: at,
  };
}

export function shipOrder(
  { reference }: FileOrder,
  { at, carrier }: NonNullable<FileOrder['shipment']>,
): ImportCommand<OrderCommand> {
  return {
    streamId: orderIdOf(reference),
    command: { type: 'ShipOrder', carrier, trackingNumber: undefined },
    ...named(`ShipOrder ${reference}`, [at, carrier]),
    now: at,
  };
}

export function customerIdOf(reference: string): string {
  return deriveId('cus', namespace, `customer ${reference}`);
}

export function orderIdOf(reference: string): string {
  return deriveId('ord', namespace, `order ${reference}`);
}

function named(name: string, content: readonly unknown[]): { commandId: string; commandHash: string } {
  return {
    commandId: uuidV5(namespace, `command ${name}`),
    commandHash: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
  };
}

function placeholderAddress(reference: string, customerId: string): string {
  const fits = reference.length <= 64 && /^[\w-]+(?:\.[\w-]+)*$/.test(reference);
  const local = fits ? reference.toLowerCase() : customerId;
  return `${local}@example.com`;
}
