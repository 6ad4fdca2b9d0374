import { openCommandBus } from '../commands/command-bus.ts';
import { type Erasure, erasePersonalData, operatorAtTerminal } from '../commands/erase-personal-data.ts';
import type { Database } from '../database/database.ts';
import { sqlState } from '../database/database-error.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { emptyKey } from '../event-store/personal-keys.ts';
import { formatPosition } from '../event-store/position.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { readRetired } from '../projections/generations.ts';
import { readParked } from '../projections/park-stream.ts';
import { deciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { awaitViews } from './await-views.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';

/**
 * `orderstream erase-customer CUSTOMER`: erases the customer's personal data and waits until the views show it.
 * @param embedded true: no projector runs, so this command folds the views itself
 * @returns false if the views still have personal data of the customer
 * @throws StartError if there is no such customer
 */
export async function eraseNamedCustomer(database: Database, embedded: boolean, customerId: string): Promise<boolean> {
  const store = openEventStore(database, types, () => undefined);
  const handle = openCommandBus(store, deciders);
  const erasure = await erasePersonalData(database, handle, deciders, {
    subject: customerId,
    actor: operatorAtTerminal,
    now: new Date(),
    emptyKey,
  }).catch((error: unknown) => {
    // SQLSTATE insufficient_privilege.
    throw sqlState(error) === '42501'
      ? new StartError('DATABASE_MIGRATE_URL: set it to the URL of the owner, because only the owner may erase a key')
      : error;
  });
  if (!erasure) throw new StartError(`there is no customer ${customerId}: nothing was changed`);
  if (embedded) await catchUp(database, store, views);
  const at = `at position ${formatPosition(erasure.position)}`;
  const left = (await awaitViews(database, erasure.position.point))
    ? await whatIsLeft(database, erasure)
    : 'the views have not reached it: start a server, and run this command again';
  if (left === undefined) console.log(`${erasedIn(customerId, erasure)} erased ${at}`);
  else console.log(`${customerId} is erased ${at}, but ${left}`);
  return left === undefined;
}

/** The customer, and the number of their streams by type, e.g. `<id> and 2 orders are`. */
function erasedIn(customerId: string, { streams }: Erasure): string {
  const types = streams.filter(({ streamId }) => streamId !== customerId).map(({ streamType }) => streamType);
  if (types.length === 0) return `${customerId} is`;
  const others = [...new Set(types)].map(one => counted(types.filter(type => type === one).length, one));
  return `${customerId} and ${others.join(' and ')} are`;
}

/** Rows that still have the data: rows of a parked stream, which are shown, and rows of another generation. */
async function whatIsLeft(database: Database, { streams }: Erasure): Promise<string | undefined> {
  const erased = new Set(streams.map(({ streamId }) => streamId));
  const parked = (await readParked(database)).map(stream => stream.streamId).filter(id => erased.has(id));
  if (parked.length > 0) {
    return `the views still show the data of ${parked.join(', ')}, because they cannot fold it: see orderstream parked`;
  }
  if ((await readRetired(database)).length === 0 && !(await readRebuild(database))) return undefined;
  return 'an unfinished rebuild still has rows with the data: finish it with orderstream rebuild, or remove it with orderstream abandon-rebuild, and run this command again';
}
