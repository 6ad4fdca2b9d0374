import type { Position } from '../../event-store/position.ts';
import { readAtLeast } from '../../graphql/at-least.ts';
import type { Context } from '../../graphql/context.ts';
import type { Found } from '../../projections/batched-read.ts';
import { refuseParked } from '../../projections/view-parked.ts';
import { type ProductRow, readProducts } from '../views/product-view.ts';

declare module '../../graphql/parts.ts' {
  interface Parts {
    readonly product: (id: string) => Promise<Found<ProductRow>>;
  }
}

/** The product as the log has it now. */
export async function findProduct(context: Context, id: string, atLeast = context.atLeast): Promise<ProductRow | null> {
  const { position, value, parkedAt } = atLeast ? await readOne(context, id, atLeast) : await context.parts.product(id);
  context.reflected.read(position);
  refuseParked(parkedAt, atLeast ?? context.reflected.stored);
  return value ?? null;
}

async function readOne(context: Context, id: string, atLeast: Position): Promise<Found<ProductRow>> {
  const read = () => readProducts(context.parts.source, [id], atLeast);
  const { position, rows, parked } = await readAtLeast(context, atLeast, read);
  return { position, value: rows.get(id), parkedAt: parked.get(id) };
}
