import { countsDocument, type OrderStatus } from './list-documents.ts';
import { openValue } from './live-value.ts';
import type { LiveState } from './open-live.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import type { Store } from './store.ts';

export interface LiveCountsState extends LiveState {
  /** The number of orders in each status. Undefined until it is known. */
  readonly byStatus: Readonly<Record<OrderStatus, number>> | undefined;
  readonly orderCount: number | undefined;
  /** The number of orders with the status SUBMITTED, CONFIRMED or SHIPPED. */
  readonly openOrderCount: number | undefined;
}

export interface LiveCountsOptions {
  /** Counts the orders of this customer. By default those that the viewer may see. */
  readonly customerId?: string | undefined;
}

export interface LiveCounts extends Store<LiveCountsState> {
  /** After an error: tries again now. */
  retry(): void;
  /** Ends it: nothing is requested afterwards, and the state no longer changes. */
  end(): void;
}

interface Counts {
  readonly orderCount: number;
  readonly openOrderCount: number;
  readonly byStatus: readonly { readonly status: OrderStatus; readonly count: number }[];
}

/** The number of orders in each status, kept up to date by one subscription. */
export function createLiveCounts(operations: Operations, { customerId }: LiveCountsOptions = {}): LiveCounts {
  let last: Data | undefined;
  let byStatus: LiveCountsState['byStatus'];
  return openValue(operations, {
    document: countsDocument(),
    variables: { ...(customerId !== undefined && { customerId }) },
    shape(frame) {
      const counts = frame?.['counts'] as Counts | undefined;
      if (frame !== last) {
        last = frame;
        const entries = counts?.byStatus.map(({ status, count }) => [status, count]);
        byStatus = entries && (Object.fromEntries(entries) as Record<OrderStatus, number>);
      }
      return { byStatus, orderCount: counts?.orderCount, openOrderCount: counts?.openOrderCount };
    },
  });
}
