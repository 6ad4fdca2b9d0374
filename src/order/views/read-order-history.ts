import { type HistoryPage, type HistoryRange, readHistories, readHistory } from '../../event-store/read-history.ts';
import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import type { ReadTogether } from '../../projections/batched-read.ts';
import type { ReadSource } from '../../projections/read-entities.ts';
import { foldOrder, type OrderRow, orderView } from './order-view.ts';

export type { HistoryPage };

/** The same page of the events of several orders, from one statement. */
export async function readOrderHistories(
  { database, types }: ReadSource,
  orderIds: readonly string[],
  range: HistoryPage,
): Promise<ReadTogether<readonly RecordedEvent[], undefined>> {
  const streams = { streamType: orderView.streamType, streamIds: orderIds };
  return { position: undefined, rows: await readHistories(database, types, streams, range) };
}

/** The order after the last event of a range; undefined if the range has no event. */
export async function readOrderAt(
  { database, types }: ReadSource,
  orderId: string,
  range: HistoryRange,
): Promise<OrderRow | undefined> {
  const events = await readHistory(database, types, { streamType: orderView.streamType, streamId: orderId }, range);
  return events.reduce<OrderRow | undefined>(foldOrder, undefined);
}
