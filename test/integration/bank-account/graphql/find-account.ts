import { type Actor, hasRight } from '../../../../src/commands/decider.ts';
import type { Position } from '../../../../src/event-store/position.ts';
import { type Context, viewerOf } from '../../../../src/graphql/context.ts';
import { waitForPosition } from '../../../../src/graphql/wait-for-position.ts';
import type { Found } from '../../../../src/projections/batched-read.ts';
import { refuseParked } from '../../../../src/projections/view-parked-error.ts';
import type { AccountRow } from '../views/account-view.ts';

declare module '../../../../src/graphql/dependencies.ts' {
  interface Dependencies {
    // Optional: app.ts compiles without the accounts, which only this test adds to the list of slices.
    readonly account?: (id: string, atLeast?: Position) => Promise<Found<AccountRow>>;
  }
}

/** The current account; null if there is none or the viewer may not see it. */
export async function findAccount(context: Context, id: string, atLeast = context.atLeast): Promise<AccountRow | null> {
  const { position, value, parkedAt } = await waitForPosition(context, atLeast, () =>
    context.dependencies.account!(id, atLeast),
  );
  context.responsePosition.read(position);
  const viewer = viewerOf(context);
  if (value ? !maySee(viewer, value) : !hasRight(viewer, 'staff')) return null;
  refuseParked(parkedAt, atLeast ?? context.responsePosition.stored);
  return value ?? null;
}

/** An account of another customer is treated like a missing one. */
export function maySee(viewer: Actor, row: AccountRow): boolean {
  return hasRight(viewer, 'staff') || row.customerId === viewer.subject;
}
