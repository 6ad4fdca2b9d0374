import type { CustomerRow } from '../../customer/views/customer-view.ts';
import { type Actor, hasRight } from '../../commands/decider.ts';
import type { Position } from '../../event-store/position.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked-error.ts';
import type { OrderRow } from '../views/order-view.ts';
import type { OrderWithCustomer } from '../views/read-orders.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** @param atLeast a position of which the read checks only that it is of the same log */
    readonly order: (id: string, atLeast?: Position) => Promise<Found<OrderWithCustomer>>;
    /** The same without the customer. */
    readonly orderAlone: (id: string, atLeast?: Position) => Promise<Found<OrderWithCustomer>>;
  }
}

/** The value of an `Order` field: the row, and the row of its customer if both were read together. */
export interface OrderNode {
  readonly row: OrderRow;
  readonly joined: CustomerRow | undefined;
  /** The position that lists and sums below this order have to reflect. */
  readonly atLeast?: Position | undefined;
}

/**
 * The current order; null if there is none or the viewer may not see it.
 * @param part `orderAlone` reads the order without its customer, who is then read when a field selects them
 */
export async function findOrder(
  context: Context,
  id: string,
  atLeast = context.atLeast,
  part: 'order' | 'orderAlone' = 'order',
): Promise<OrderNode | null> {
  const { position, value, parkedAt } = await waitForPosition(context, atLeast, () =>
    context.dependencies[part](id, atLeast),
  );
  context.responsePosition.read(position);
  const viewer = viewerOf(context);
  if (value ? !maySee(viewer, value.row) : !hasRight(viewer, 'staff')) return null;
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  // The value is not copied if it need not be, because serialised fields are cached per object.
  return value ? (atLeast ? { ...value, atLeast } : value) : null;
}

/** An order of another customer is treated like a missing one. */
export function maySee(viewer: Actor, row: OrderRow): boolean {
  return hasRight(viewer, 'staff') || row.customerId === viewer.subject;
}
