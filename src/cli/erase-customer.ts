import { openCommandBus } from '../commands/command-bus.ts';
import type { Database } from '../database/database.ts';
import { sqlState } from '../database/database-error.ts';
import { eraseCustomer } from '../erase-customer.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { formatPosition } from '../event-store/position.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { readRetired } from '../projections/generations.ts';
import { readParked } from '../projections/parking.ts';
import { deciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { awaitViews } from './await-views.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';

/**
 * `orderstream erase-customer cus_…`: erases them and waits until the views show it.
 * @param embedded nobody else projects then
 * @returns whether nothing personal is shown any more
 * @throws StartError where there is no such customer
 */
export async function eraseNamedCustomer(database: Database, embedded: boolean, customerId: string): Promise<boolean> {
  const store = openEventStore(database, types, () => undefined);
  const erasure = await eraseCustomer(database, openCommandBus(store, deciders), customerId, new Date()).catch(
    (error: unknown) => {
      // insufficient_privilege
      throw sqlState(error) === '42501'
        ? new StartError('DATABASE_MIGRATE_URL: set it to the owner, who alone may empty a key')
        : error;
    },
  );
  if (!erasure) throw new StartError(`there is no customer ${customerId}: nothing was changed`);
  if (embedded) await catchUp(database, store, views);
  const at = `at position ${formatPosition(erasure.position)}`;
  const left = (await awaitViews(database, erasure.position.point))
    ? await whatIsLeft(database, erasure.streamIds)
    : 'the views have not come that far: start a projector, and run this again';
  if (left === undefined) console.log(`${customerId} and ${counted(erasure.orders, 'order')} are erased ${at}`);
  else console.log(`${customerId} is erased ${at}, but ${left}`);
  return left === undefined;
}

/** Rows that no erasure has come to: those of a parked stream, which are shown, and those of another generation. */
async function whatIsLeft(database: Database, streamIds: readonly string[]): Promise<string | undefined> {
  const parked = (await readParked(database)).map(stream => stream.streamId).filter(id => streamIds.includes(id));
  if (parked.length > 0) {
    return `what was shown of ${parked.join(', ')} still is, since the views can't fold it on: see orderstream parked`;
  }
  if ((await readRetired(database)).length === 0 && !(await readRebuild(database))) return undefined;
  return 'a rebuild that is not finished holds rows from before: finish it by orderstream rebuild, or have orderstream abandon-rebuild remove it, and run this again';
}
