import { createDecipheriv } from 'node:crypto';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';

type Json = Record<string, unknown>;

/** A row of the events table, its personal data opened. */
export interface PlainEvent {
  readonly position: number;
  readonly hash: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly type: string;
  readonly data: Json;
  readonly personal: Json;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The whole log, oldest first, read and opened without any code of the product. */
export async function plainLog(database: Database): Promise<PlainEvent[]> {
  const keys = new Map<string, Buffer>();
  for (const { customer_id, key } of await rows(database, 'SELECT * FROM customer_keys')) {
    keys.set(customer_id as string, bytes(key));
  }
  const events = await rows(database, 'SELECT * FROM events');
  const log = events.map((event): PlainEvent => {
    const streamId = event['stream_id'] as string;
    return {
      position: event['position'] as number,
      hash: bytes(event['hash']).subarray(0, 6).toString('hex'),
      streamType: event['stream_type'] as string,
      streamId,
      version: event['version'] as number,
      type: event['type'] as string,
      data: event['data'] as Json,
      personal: opened(keys, streamId, event['personal'] as { subject: string; sealed: string } | null),
      at: new Date(event['occurred_at'] as string).toISOString(),
    };
  });
  return log.sort((one, other) => one.position - other.position);
}

function opened(keys: ReadonlyMap<string, Buffer>, streamId: string, personal: Json | null): Json {
  if (personal === null) return {};
  const sealed = Buffer.from(personal['sealed'] as string, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', keys.get(personal['subject'] as string)!, sealed.subarray(0, 12));
  decipher.setAAD(Buffer.from(streamId));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return JSON.parse(decipher.update(sealed.subarray(28), undefined, 'utf8') + decipher.final('utf8')) as Json;
}

/** The rows of each view by id, as plain objects with the views' keys. */
export interface PlainRows {
  readonly orders: Map<string, Json>;
  readonly customers: Map<string, Json>;
  readonly products: Map<string, Json>;
}

/** The expected rows of the views at a position of the log: written from the meaning of the events, not from src/. */
export function plainFold(log: readonly PlainEvent[], upTo = Infinity): PlainRows {
  const folded = emptyRows();
  for (const event of log) {
    if (event.position > upTo) break;
    foldInto(folded, event);
  }
  return folded;
}

export function emptyRows(): PlainRows {
  return { orders: new Map(), customers: new Map(), products: new Map() };
}

/** Folds the next event of the log into the expected rows. */
export function foldInto(folded: PlainRows, stored: PlainEvent): void {
  const known = [folded.orders, folded.customers, folded.products].map(rows => rows.get(stored.streamId));
  const before = known.find(row => row !== undefined)?.['updatedAt'] as string | undefined;
  // No time falls along a stream, also if a clock was set back.
  const event = { ...stored, at: before !== undefined && before > stored.at ? before : stored.at };
  const { streamId, version, position, hash, at } = event;
  const stamp = { updatedAt: at, version, position, hash };
  if (event.streamType === 'order') {
    folded.orders.set(streamId, { ...orderAfter(folded.orders.get(streamId), event), ...stamp });
  } else if (event.streamType === 'customer') {
    const row = folded.customers.get(streamId) ?? { customerId: streamId, createdAt: at, erasedAt: null };
    folded.customers.set(streamId, { ...row, ...event.personal, ...stamp });
  } else if (event.streamType === 'projection') {
    // A retry: from here on the rows of that stream carry its position.
    for (const rows of Object.values(folded) as Map<string, Json>[]) {
      const row = rows.get(event.data['streamId'] as string);
      if (row) Object.assign(row, { position, hash });
    }
  } else {
    const row = folded.products.get(streamId) ?? { productId: streamId, createdAt: at };
    folded.products.set(streamId, { ...row, ...event.data, ...stamp });
  }
}

function orderAfter(before: Json | undefined, { streamId, type, data, personal, at }: PlainEvent): Json {
  if (type === 'OrderCreated') {
    return {
      orderId: streamId,
      number: data['number'],
      customerId: data['customerId'],
      reference: personal['reference'] ?? null,
      currency: data['currency'],
      status: 'DRAFT',
      createdAt: at,
      submittedAt: null,
      confirmedAt: null,
      shippedAt: null,
      deliveredAt: null,
      cancelledAt: null,
      cancellationReason: null,
      carrier: null,
      trackingNumber: null,
      ...sums([]),
    };
  }
  const order = before!;
  const held = order['lines'] as Json[];
  switch (type) {
    case 'OrderItemAdded': {
      const { currency, ...line } = data;
      return { ...order, currency: order['currency'] ?? currency, ...sums([...held, line]) };
    }
    case 'OrderItemQuantityChanged':
      return { ...order, ...sums(held.map(line => (line['lineId'] === data['lineId'] ? { ...line, ...data } : line))) };
    case 'OrderItemRemoved':
      return { ...order, ...sums(held.filter(line => line['lineId'] !== data['lineId'])) };
    case 'OrderSubmitted':
      return { ...order, status: 'SUBMITTED', submittedAt: at };
    case 'OrderConfirmed':
      return { ...order, status: 'CONFIRMED', confirmedAt: at };
    case 'OrderShipped': {
      const trackingNumber = personal['trackingNumber'] ?? null;
      return { ...order, status: 'SHIPPED', shippedAt: at, carrier: data['carrier'], trackingNumber };
    }
    case 'OrderDelivered':
      return { ...order, status: 'DELIVERED', deliveredAt: at };
    case 'OrderCancelled':
      return { ...order, status: 'CANCELLED', cancelledAt: at, cancellationReason: personal['reason'] };
    case 'OrderErased':
      return {
        ...order,
        reference: null,
        trackingNumber: null,
        cancellationReason: order['cancelledAt'] === null ? null : '[erased]',
      };
    default:
      throw new Error(`this fold does not support ${type}`);
  }
}

function sums(lines: readonly Json[]): Json {
  let [itemCount, total] = [0, 0];
  for (const { quantity, unitPrice } of lines as readonly { quantity: number; unitPrice: number }[]) {
    itemCount += quantity;
    total += quantity * unitPrice;
  }
  return { lines, itemCount, total, productIds: [...new Set(lines.map(line => line['productId']))] };
}

/** The live rows of a view by id, in the shape of plainFold(): camelCase keys, times in UTC. */
export async function viewRows(database: Database, view: string, key: string): Promise<Map<string, Json>> {
  const found = await rows(
    database,
    `SELECT v.* FROM ${view} v JOIN checkpoints c ON c.live AND c.generation = v.generation`,
  );
  return new Map(
    found.map(({ generation: _, search: __, ...row }) => {
      const named = Object.entries(row).map(([name, value]) => [camelCase(name), value] as const);
      const plain = plainRow(Object.fromEntries(named));
      return [plain[key] as string, plain];
    }),
  );
}

/** A row as the product returns it, with its times in UTC, and without the correlation id of a frame. */
export function plainRow(row: object): Json {
  const { correlationId: _, ...columns } = row as { readonly correlationId?: string };
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => {
      return [name, name.endsWith('At') && value !== null ? new Date(value as string).toISOString() : value];
    }),
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** As JSON that the database prints, so that no driver converts types. */
async function rows(database: Database, select: string): Promise<Json[]> {
  const found = await database.query<{ json: string }>(sql.raw(`SELECT to_jsonb(r)::text AS json FROM (${select}) r`));
  return found.map(({ json }) => JSON.parse(json) as Json);
}

function bytes(printed: unknown): Buffer {
  return Buffer.from((printed as string).slice(2), 'hex');
}
