import { openCommandBus } from '../commands/command-bus.ts';
import type { Actor } from '../commands/decider.ts';
import { type Erasure, erasePersonalData } from '../commands/erase-personal-data.ts';
import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { emptyKey, mayEmptyKeys } from '../event-store/personal-keys.ts';
import { formatPosition } from '../event-store/position.ts';
import { listingFirst, readErasureList, readUnerased } from '../operator/erasure-list.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { readRetired } from '../projections/generations.ts';
import { readParked } from '../projections/park-stream.ts';
import { deciders, types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { atTerminal } from '../operator/append-act.ts';
import { awaitViews } from './await-views.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';
import type { Report } from './report.ts';

export interface ErasureTask {
  readonly database: Database;
  /** True: no projector runs, so the command folds the views itself. */
  readonly embedded: boolean;
  readonly actor?: Actor | undefined;
  /** File of the erasure list; undefined: none is kept. */
  readonly list?: string | undefined;
}

/**
 * `orderstream erase-customer CUSTOMER`: erases the customer's personal data and waits until the views show it. It is
 * not ok if the views still have personal data of the customer.
 * @throws StartError if there is no such customer
 */
export async function eraseNamedCustomer(task: ErasureTask, customerId: string): Promise<Report> {
  const erasure = await erase(task, customerId);
  if (!erasure) throw new StartError(`there is no customer ${customerId}: nothing was changed`);
  const done = await awaitErasure(task, customerId, erasure);
  return { ok: done.left === null, lines: [lineOf(done, erasure)], value: { customers: [done], unchanged: 0 } };
}

/**
 * `orderstream erase-customer --from FILE`: erases each customer of an erasure list whose erasure is not in the log,
 * for example after a backup was restored. All others are left unchanged, so it can be run again at any time.
 */
export async function eraseListed(task: ErasureTask, file: string): Promise<Report> {
  const listed = await readErasureList(file);
  const unerased = await readUnerased(task.database, types, deciders, listed);
  const erased: [Erased, Erasure][] = [];
  for (const customerId of unerased) {
    const erasure = await erase(task, customerId);
    if (erasure) erased.push([await awaitErasure(task, customerId, erasure), erasure]);
  }
  const unchanged = listed.length - erased.length;
  return {
    ok: erased.every(([{ left }]) => left === null),
    lines: [
      ...erased.map(([done, erasure]) => lineOf(done, erasure)),
      `${counted(listed.length, 'customer')} listed: ${counted(erased.length)} erased now, ${counted(unchanged)} erased before or not in this log`,
    ],
    value: { customers: erased.map(([done]) => done), unchanged },
  };
}

interface Erased {
  readonly customerId: string;
  readonly streams: number;
  readonly position: string;
  /** Why some rows still have personal data; null if none has. */
  readonly left: string | null;
}

async function erase(task: ErasureTask, subject: string): Promise<Erasure | undefined> {
  const { database, actor = atTerminal(), list } = task;
  // First: otherwise the customer would be on the list and keep the key, and no server would start.
  if (!(await mayEmptyKeys(database))) {
    throw new StartError(
      'DATABASE_MIGRATE_URL: set it to the URL of the owner, because only the owner may erase a key',
    );
  }
  const store = openEventStore(database, types, () => undefined);
  const now = new Date();
  return erasePersonalData(database, openCommandBus(store, deciders), deciders, {
    subject,
    actor,
    now,
    emptyKey: listingFirst(list, { actor, now }, emptyKey),
  });
}

async function awaitErasure(
  { database, embedded }: ErasureTask,
  customerId: string,
  erasure: Erasure,
): Promise<Erased> {
  if (embedded)
    await catchUp(
      database,
      openEventStore(database, types, () => undefined),
      views,
    );
  const left = (await awaitViews(database, erasure.position.point))
    ? await whatIsLeft(database, erasure)
    : 'the views have not reached it: start a server, and run this command again';
  return { customerId, streams: erasure.streams.length, position: formatPosition(erasure.position), left };
}

function lineOf({ customerId, position, left }: Erased, erasure: Erasure): string {
  return left === null
    ? `${erasedIn(customerId, erasure)} erased at position ${position}`
    : `${customerId} is erased at position ${position}, but ${left}`;
}

/** The customer, and the number of their streams by type, e.g. `<id> and 2 orders are`. */
function erasedIn(customerId: string, { streams }: Erasure): string {
  const types = streams.filter(({ streamId }) => streamId !== customerId).map(({ streamType }) => streamType);
  if (types.length === 0) return `${customerId} is`;
  const others = [...new Set(types)].map(one => counted(types.filter(type => type === one).length, one));
  return `${customerId} and ${others.join(' and ')} are`;
}

/** Rows that still have the data: rows of a parked stream, which are shown, and rows of another generation; or null. */
async function whatIsLeft(database: Database, { streams }: Erasure): Promise<string | null> {
  const erased = new Set(streams.map(({ streamId }) => streamId));
  const parked = (await readParked(database)).map(stream => stream.streamId).filter(id => erased.has(id));
  if (parked.length > 0) {
    return `the views still show the data of ${parked.join(', ')}, because they cannot fold it: see orderstream parked`;
  }
  if ((await readRetired(database)).length === 0 && !(await readRebuild(database))) return null;
  return 'an unfinished rebuild still has rows with the data: finish it with orderstream rebuild, or remove it with orderstream abandon-rebuild, and run this command again';
}
