import { randomUUID } from 'node:crypto';

export interface LogJob {
  readonly databaseUrl: string;
  readonly callers: number;
  readonly seconds: number;
}

/** Streams for the events. Each caller has its own stream, so that no caller waits for another or meets a conflict. */
export const streams = 2_000;

/** An event as adding an item stores it. */
export function itemAdded() {
  return {
    type: 'OrderItemAdded',
    data: {
      lineId: `lin_${randomUUID()}`,
      productId: `prd_${randomUUID()}`,
      sku: 'TEA-DARJEELING',
      productName: 'Darjeeling First Flush, 100 g',
      quantity: 1,
      unitPrice: 1250,
      currency: 'EUR',
    },
    metadata: { actor: { role: 'staff', subject: 'anna' }, correlationId: randomUUID() },
  } as const;
}

/** The stream of the caller's n-th event. */
export function streamOf<Stream>(all: readonly Stream[], callers: number, caller: number, n: number): Stream {
  const own = Math.floor(all.length / callers);
  const stream = all[caller * own + (n % own)];
  if (stream === undefined) throw new Error(`no stream for caller ${caller} of ${callers}`);
  return stream;
}
