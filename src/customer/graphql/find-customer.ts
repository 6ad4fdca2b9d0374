import { type Actor, hasRight } from '../../commands/decider.ts';
import type { Position } from '../../event-store/position.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked-error.ts';
import type { CustomerRow } from '../views/customer-view.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** @param atLeast a position of which the read checks only that it is of the same log */
    readonly customer: (id: string, atLeast?: Position) => Promise<Found<CustomerRow>>;
  }
}

/** The value of a `Customer` field: the row, and the position that lists below it have to reflect as well. */
export interface CustomerNode extends CustomerRow {
  readonly atLeast?: Position | undefined;
}

/** The current customer; null if there is none or the viewer may not see them. */
export async function findCustomer(
  context: Context,
  id: string,
  atLeast = context.atLeast,
): Promise<CustomerNode | null> {
  const { position, value, parkedAt } = await waitForPosition(context, atLeast, () =>
    context.dependencies.customer(id, atLeast),
  );
  context.responsePosition.read(position);
  if (!maySee(viewerOf(context), { customerId: id })) return null;
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  return value ? { ...value, atLeast } : null;
}

/** Another customer is treated like a missing one. */
export function maySee(viewer: Actor, { customerId }: Pick<CustomerRow, 'customerId'>): boolean {
  return hasRight(viewer, 'staff') || viewer.subject === customerId;
}
