import { createHash, randomUUID } from 'node:crypto';
import { types, views } from '../../src/slices.ts';
import type { Actor, DomainCommand } from '../../src/commands/decider.ts';
import {
  type CommandAnswer,
  type CommandCall,
  type HandleCommand,
  openHandleCommand,
} from '../../src/commands/handle-command.ts';
import { customerDecider } from '../../src/customer/decider.ts';
import type { CustomerCommand } from '../../src/customer/domain/commands.ts';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { type EventStore, openEventStore } from '../../src/event-store/event-store.ts';
import type { Position } from '../../src/event-store/position.ts';
import { newId } from '../../src/ids.ts';
import { orderDecider } from '../../src/order/decider.ts';
import type { OrderCommand } from '../../src/order/domain/commands.ts';
import { addOrderItemAtCurrentPrice, createOrderAtCurrentPrices } from '../../src/order/graphql/current-prices.ts';
import { productDecider } from '../../src/product/decider.ts';
import type { ProductCommand } from '../../src/product/domain/commands.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
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
  const { database, close } = await openDatabase({ databaseUrl: url, dataDir });
  const note = noteOpen('node', close);
  return {
    ...nodeOn(database),
    close: async () => {
      note.closed();
      await close();
    },
  };
}

/** A second node on a database that is already open: the embedded one accepts one process only. */
export function nodeOn(database: Database): Omit<TestNode, 'close'> {
  const store = openEventStore(database, types, () => undefined);
  return {
    database,
    store,
    source: { database, types, seen: new ReaderRowCache() },
    handle: openHandleCommand(store),
    projection: { database, store },
  };
}

export type Handling = Pick<TestNode, 'handle'>;

/** Defaults: staff, the current time, a new command id. */
export type How = Partial<Pick<CommandCall<never>, 'actor' | 'commandId' | 'expectedVersion' | 'now'>>;

/** A command to an order, as its mutation sends it. */
export type SentOrderCommand = CommandCall<OrderCommand>['command'];

export function onOrder(node: Handling, orderId: string, command: SentOrderCommand, how?: How) {
  return node.handle(orderDecider, call(orderId, command, how));
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

function call<Command extends DomainCommand>(
  streamId: string,
  command: CommandCall<Command>['command'],
  how: How = {},
): CommandCall<Command> {
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

// ── named commands ──

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
  const command = createOrderAtCurrentPrices({ orderId, customerId, currency, reference, items });
  await positionOf(onOrder(node, orderId, command, { now }));
  return orderId;
}

export function addItem(node: Handling, orderId: string, productId: string, quantity = 1): Promise<Position> {
  return positionOf(onOrder(node, orderId, addOrderItemAtCurrentPrice(newItem(productId, quantity))));
}

export function newItem(productId: string, quantity: number, lineId = newId('lin')) {
  return { lineId, quantity, productId };
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
