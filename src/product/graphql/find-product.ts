import type { Position } from '../../event-store/position.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import type { Context } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked-error.ts';
import type { ProductRow } from '../views/product-view.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** @param atLeast a position of which the read checks only that it is of the same log */
    readonly product: (id: string, atLeast?: Position) => Promise<Found<ProductRow>>;
  }
}

/** The current product; null if there is none. */
export async function findProduct(context: Context, id: string, atLeast = context.atLeast): Promise<ProductRow | null> {
  const { position, value, parkedAt } = await waitForPosition(context, atLeast, () =>
    context.dependencies.product(id, atLeast),
  );
  context.responsePosition.read(position);
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  return value ?? null;
}
