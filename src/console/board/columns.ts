import { orderStatuses, type OrderStatus } from '../generated/schema-enums.ts';

/** A column for each status, in the order in which an order passes through them. */
export const columns = Object.fromEntries(orderStatuses.map(status => [status, [status]])) as unknown as Record<
  OrderStatus,
  [OrderStatus]
>;
