import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import { builder } from '../../graphql/builder.ts';
import { type Connection, connectionType } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { formatCursor, type Sort } from '../../graphql/cursor.ts';
import { eventFields, eventId, positionOf } from '../../graphql/event-fields.ts';
import { pageRequest } from '../../graphql/page-arguments.ts';
import type { Found } from '../../projections/batched-read.ts';
import type { OrderRow } from '../views/order-view.ts';
import type { HistoryPage } from '../views/read-order-history.ts';
import { Order } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** A page of an order's events. Equal pages of several orders are read in one batch. */
    readonly orderHistory: (orderId: string, page: HistoryPage) => Promise<Found<readonly RecordedEvent[], undefined>>;
  }
}

const oldestFirst: Sort = { name: 'order-history', value: 'integer' };

export const OrderEvent = builder.objectRef<RecordedEvent>('OrderEvent').implement({
  description: 'A stored event of an order.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    ...eventFields(t),
    orderId: t.id({ description: 'The id of the order, `ord_<uuid>`.', resolve: event => event.streamId }),
  }),
});

const OrderEventConnection = connectionType(OrderEvent);

builder.objectField(Order, 'history', t =>
  t.field({
    type: OrderEventConnection,
    nullable: true,
    description: 'All events of this order, oldest first.',
    args: {
      first: t.arg.int({
        description:
          'The number of events from the start of the list, or after `after`. The default is 20, the maximum 100.',
      }),
      after: t.arg.string({ description: 'A cursor. The page starts after its event.' }),
    },
    resolve: ({ row }, args, context) => history(context, row, args),
  }),
);

async function history(
  { dependencies }: Context,
  row: OrderRow,
  args: { first?: number | null | undefined; after?: string | null | undefined },
): Promise<Connection<RecordedEvent>> {
  const { limit, cursor } = pageRequest(args, oldestFirst);
  const afterVersion = Number(cursor?.value ?? 0);
  const { value: events = [] } = await dependencies.orderHistory(row.orderId, { afterVersion, limit: limit + 1 });
  const rows = events.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    hasNextPage: events.length > limit,
    // Versions start at 1 and have no gap, and events are never deleted.
    hasPreviousPage: afterVersion > 0,
    totalCount: Math.max(row.version, last?.version ?? 0),
    position: last && last.position > row.position ? positionOf(last) : { point: row.position, hash: row.hash },
    cursorOf: event => formatCursor(oldestFirst, { value: event.version, id: eventId(event) }),
  };
}
