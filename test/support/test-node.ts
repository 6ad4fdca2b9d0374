import { createHash, randomUUID } from 'node:crypto';
import { types, views } from '../../src/slices.ts';
import type { Actor } from '../../src/commands/decider.ts';
import {
  type CommandAnswer,
  type CommandCall,
  type HandleCommand,
  openHandleCommand,
  type ReadState,
} from '../../src/commands/handle-command.ts';
import { customerDecider } from '../../src/customer/decider.ts';
import type { CustomerCommand } from '../../src/customer/domain/commands.ts';
import { type Database, type LookUp, openDatabase } from '../../src/database/database.ts';
import { type EventStore, openEventStore } from '../../src/event-store/event-store.ts';
import type { Position } from '../../src/event-store/position.ts';
import { newId } from '../../src/ids.ts';
import { orderDecider } from '../../src/order/decider.ts';
import type { OrderCommand, ProductOnOffer } from '../../src/order/domain/commands.ts';
import { productDecider } from '../../src/product/decider.ts';
import type { ProductCommand } from '../../src/product/domain/commands.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { prepared } from '../../src/projections/prepared.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { ReaderRowCache } from '../../src/projections/reader-row-cache.ts';
import { noteOpen } from './left-open.ts';

/** The command path and the read path of one process: its own connections, cache and batching. */
export interface TestNode {
  readonly database: Database;
  readonly store: EventStore;
  readonly source: ReadSource;
  readonly handle: HandleCommand;
  /** What its projector needs. */
  readonly projection: Pick<TestNode, 'database' | 'store'>;
  close(): Promise<void>;
}

/** @param url undefined: the embedded database in the folder `dataDir` */
export async function openNode(url: string | undefined, dataDir = ''): Promise<TestNode> {
  const { database, lookUp, select, close } = await openDatabase({ databaseUrl: url, dataDir });
  const note = noteOpen('node', close);
  return {
    ...nodeOn(database, lookUp, select),
    close: async () => {
      note.closed();
      await close();
    },
  };
}

/** A second node on a database that is already open: the embedded one accepts one process only. */
export function nodeOn(database: Database, lookUp?: LookUp, select?: LookUp): Omit<TestNode, 'close'> {
  const storeOn = (one: Database) => openEventStore(one, types, () => undefined);
  const [store, projecting] = [storeOn(database), prepared(database, lookUp)];
  return {
    database,
    store,
    source: { database, lookUp, select, types, seen: new ReaderRowCache() },
    handle: openHandleCommand(store),
    projection: { database: projecting, store: storeOn(projecting) },
  };
}

export type Handling = Pick<TestNode, 'handle'>;

/** Defaults: staff, the current time, a new command id. */
export type How = Partial<Pick<CommandCall<never>, 'actor' | 'commandId' | 'expectedVersion' | 'now'>>;

export function onOrder(node: Handling, orderId: string, command: OrderCommand, how?: How) {
  return node.handle(orderDecider, { ...call(orderId, command, how), enrich: withReferences });
}

export function onCustomer(node: Handling, customerId: string, command: CustomerCommand, how?: How) {
  return node.handle(customerDecider, call(customerId, command, how));
}

export function onProduct(node: Handling, productId: string, command: ProductCommand, how?: How) {
  return node.handle(productDecider, call(productId, command, how));
}

/** The position that a command reached. Throws if it was rejected. */
export async function positionOf(answer: Promise<CommandAnswer<unknown>>): Promise<Position> {
  const outcome = await answer;
  if (outcome.type !== 'accepted') throw new Error(`rejected: ${JSON.stringify(outcome)}`);
  return outcome.position;
}

const staff: Actor = { role: 'staff', subject: 'anna' };

function call<Command>(streamId: string, command: Command, how: How = {}): CommandCall<Command> {
  return {
    streamId,
    command,
    actor: staff,
    commandId: randomUUID(),
    commandHash: createHash('sha256').update(JSON.stringify(command)).digest('hex'),
    correlationId: 'test',
    now: new Date(),
    ...how,
  };
}

/** As the mutations' fields do: prices, availability and registration are read from the other aggregates. */
async function withReferences(command: OrderCommand, read: ReadState): Promise<OrderCommand> {
  async function onOffer({ productId }: ProductOnOffer): Promise<ProductOnOffer> {
    const product = await read(productDecider, productId);
    return { productId, offer: product.status === 'None' ? undefined : product };
  }
  if (command.type === 'AddOrderItem') return { ...command, product: await onOffer(command.product) };
  if (command.type !== 'CreateOrder') return command;
  const { customerId } = command.customer;
  const { status } = await read(customerDecider, customerId);
  const items = [];
  for (const item of command.items) items.push({ ...item, product: await onOffer(item.product) });
  return { ...command, customer: { customerId, registered: status !== 'None' }, items };
}

// Commands that most tests start with.

export async function registeredCustomer(node: Handling, name = 'Ada'): Promise<string> {
  const customerId = newId('cus');
  const email = `${name.toLowerCase()}@example.com`;
  await positionOf(onCustomer(node, customerId, { type: 'RegisterCustomer', customerId, name, email }));
  return customerId;
}

export async function productOnSale(node: Handling, price = 250, currency = 'EUR'): Promise<string> {
  const productId = newId('prd');
  const command = { type: 'AddProduct', productId, sku: productId.slice(-8), name: 'Thing', price, currency } as const;
  await positionOf(onProduct(node, productId, command));
  return productId;
}

export interface NewOrder {
  readonly orderId?: string;
  readonly currency?: string;
  readonly reference?: string;
  readonly items?: readonly { readonly productId: string; readonly quantity: number }[];
  readonly now?: Date;
}

export async function createdOrder(node: Handling, customerId: string, order: NewOrder = {}): Promise<string> {
  const { orderId = newId('ord'), currency, reference, now = new Date() } = order;
  const items = (order.items ?? []).map(({ productId, quantity }) => newItem(productId, quantity));
  const customer = { customerId, registered: false };
  const command = { type: 'CreateOrder', orderId, customer, currency, reference, items } as const;
  await positionOf(onOrder(node, orderId, command, { now }));
  return orderId;
}

export function addItem(node: Handling, orderId: string, productId: string, quantity = 1): Promise<Position> {
  return positionOf(onOrder(node, orderId, { type: 'AddOrderItem', ...newItem(productId, quantity) }));
}

export function newItem(productId: string, quantity: number, lineId = newId('lin')) {
  return { lineId, quantity, product: { productId, offer: undefined } };
}

/** Projects everything that is stored, in this process and without a projector: up to `limit` events a batch. */
export async function projectAll({ projection }: Pick<TestNode, 'projection'>, limit = 1_000): Promise<Position> {
  const { database, store } = projection;
  for (;;) {
    const checkpoint = await readCheckpoint(database);
    const events = await store.readLog(checkpoint.position.point, limit);
    if (events.length === 0) return checkpoint.position;
    await projectBatch({ database, store, views }, checkpoint, events);
  }
}
