import { type HistoryRange, readHistory } from '../../event-store/read-history.ts';
import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import type { ReadSource } from '../../projections/read-entities.ts';
import { foldOrder, type OrderRow, orderView } from './order-view.ts';

/** An order's events, oldest first. */
export async function readOrderHistory(
  { database, types }: ReadSource,
  orderId: string,
  range: HistoryRange,
): Promise<RecordedEvent[]> {
  return readHistory(database, types, { streamType: orderView.streamType, streamId: orderId }, range);
}

/** The order as it was after the last event of a range; undefined where it has none. */
export async function readOrderAt(
  source: ReadSource,
  orderId: string,
  range: Pick<HistoryRange, 'toVersion' | 'toTime'>,
): Promise<OrderRow | undefined> {
  const events = await readOrderHistory(source, orderId, range);
  return events.reduce<OrderRow | undefined>(foldOrder, undefined);
}
