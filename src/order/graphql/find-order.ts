import type { CustomerRow } from '../../customer/views/customer-view.ts';
import type { Actor } from '../../commands/decider.ts';
import type { Position } from '../../event-store/position.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked.ts';
import type { OrderRow } from '../views/order-view.ts';
import type { OrderWithCustomer } from '../views/read-orders.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** @param atLeast a position that the answer must be of the same log as */
    readonly order: (id: string, atLeast?: Position) => Promise<Found<OrderWithCustomer>>;
    /** The same without its customer. */
    readonly orderAlone: (id: string, atLeast?: Position) => Promise<Found<OrderWithCustomer>>;
    /** That again, of no row that was seen before: frames are shared by it. */
    readonly orderToWatch: (id: string) => Promise<Found<OrderWithCustomer>>;
  }
}

/** What an Order is answered from: its row, and its customer's where that was read with it. */
export interface OrderNode {
  readonly row: OrderRow;
  readonly joined: CustomerRow | undefined;
  /** What lists and sums below it have to reflect. */
  readonly atLeast?: Position | undefined;
}

/**
 * The order as the log has it now; null where there is none or it is not the viewer's.
 * @param part what of it is wanted: without its customer, who is read where a field asks for them
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
  if (value ? !maySee(viewer, value.row) : viewer.role !== 'staff') return null;
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  // Not copied without need: what was answered of a row is kept with it.
  return value ? (atLeast ? { ...value, atLeast } : value) : null;
}

/** Another's order is answered like a missing one. */
export function maySee(viewer: Actor, row: OrderRow): boolean {
  return viewer.role === 'staff' || row.customerId === viewer.subject;
}
