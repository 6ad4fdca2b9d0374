import type { Position } from '../../event-store/position.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked.ts';
import type { CustomerRow } from '../views/customer-view.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** @param atLeast a position that the answer must be of the same log as */
    readonly customer: (id: string, atLeast?: Position) => Promise<Found<CustomerRow>>;
  }
}

/** What a Customer is answered from: their row, and the position that lists below it have to reflect too. */
export interface CustomerNode extends CustomerRow {
  readonly atLeast?: Position | undefined;
}

/** The customer as the log has them now; null where there is none or where it is another one than the viewer. */
export async function findCustomer(
  context: Context,
  id: string,
  atLeast = context.atLeast,
): Promise<CustomerNode | null> {
  const { position, value, parkedAt } = await waitForPosition(context, atLeast, () =>
    context.dependencies.customer(id, atLeast),
  );
  context.responsePosition.read(position);
  const viewer = viewerOf(context);
  if (viewer.role !== 'staff' && id !== viewer.subject) return null;
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  return value ? { ...value, atLeast } : null;
}
