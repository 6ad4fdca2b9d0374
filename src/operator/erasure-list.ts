import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncToDisk } from '../async/sync-to-disk.ts';
import type { AnyDecider } from '../commands/decider.ts';
import { completeErasure, type Erasure, erasureEventType, type ErasureOrder } from '../commands/erase-personal-data.ts';
import type { HandleCommand } from '../commands/handle-command.ts';
import type { Database } from '../database/database.ts';
import { lacksRight } from '../database/database-error.ts';
import { sql } from '../database/sql.ts';
import type { EventTypes } from '../event-store/event-types.ts';
import { emptyKeyOfErased } from '../event-store/personal-keys.ts';
import { readStream } from '../event-store/read-stream.ts';
import { streamsAboutAny, type StreamOfSubject } from '../event-store/streams-about.ts';
import { kindOfId } from '../ids.ts';
import { StartError } from '../start-error.ts';

/** A line of the erasure list: who was erased, when, and by whom. */
export interface ListedErasure {
  readonly customerId: string;
  /** RFC 3339. */
  readonly at: string;
  readonly by: string;
}

/**
 * Appends a line to the erasure list, and syncs it to disk. It is called before the key is erased: so an erasure that
 * was acknowledged is on the list, whatever happens to the database.
 */
async function listErasure(file: string, { customerId, at, by }: ListedErasure): Promise<void> {
  const list = await open(file, 'a+', 0o600);
  try {
    const { size } = await list.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await list.read(last, 0, 1, size - 1);
    // If the machine failed in the middle of a line, the next one must not become a part of it.
    const start = size > 0 && last.toString() !== '\n' ? '\n' : '';
    await list.appendFile(`${start}${JSON.stringify({ customerId, at, by })}\n`);
    await list.sync();
  } finally {
    await list.close();
  }
  // The name of a new file is only on disk after its folder is.
  await syncToDisk(dirname(file));
}

/**
 * How an erasure empties the key of the customer: first it appends a line to the erasure list.
 * @param file of the list; undefined: none is kept
 */
export function listingFirst(
  file: string | undefined,
  { actor, now }: Pick<ErasureOrder, 'actor' | 'now'>,
  emptyKey: ErasureOrder['emptyKey'],
): ErasureOrder['emptyKey'] {
  return async (database, customerId) => {
    if (file !== undefined) await listErasure(file, { customerId, at: now.toISOString(), by: actor.subject });
    await emptyKey(database, customerId);
  };
}

/** Completes the erasures of a server, whose role may empty a key only after the event of the customer's own stream. */
export function openErasure(parts: {
  readonly database: Database;
  readonly handle: HandleCommand;
  readonly deciders: readonly AnyDecider[];
  readonly list: string | undefined;
}): (order: Omit<ErasureOrder, 'emptyKey'>) => Promise<Erasure | undefined> {
  const { database, handle, deciders, list } = parts;
  return order => {
    const emptyKey = listingFirst(list, order, emptyKeyOfErased);
    return completeErasure(database, handle, deciders, { ...order, emptyKey });
  };
}

/**
 * Checks at the start of a server that it can append to the erasure list, which is created if it is missing, and that the
 * key of each customer on it is erased. After a backup was restored, a key may be there again, and the server would show
 * the personal data of a customer who was erased. The key of an erasure that was interrupted, whose event is in the log,
 * is emptied here. A line that names no customer is left out with a warning: a power failure may have cut it.
 * @param warn gets one line
 * @throws StartError if the file cannot be opened, or if a customer on it has a key and no event of the erasure
 */
export async function checkErasureList(database: Database, file: string, warn: (line: string) => void): Promise<void> {
  const list = await open(file, 'a', 0o600).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `ERASURE_LIST: ${file} can't be written (${code}): set it to a file in a folder that this user may write`,
    );
  });
  await list.close();
  const { customerIds, damagedLines } = await readLines(file);
  for (const line of damagedLines) warn(`ERASURE_LIST: ${damaged(file, line)}`);
  const keyed = await readKeyed(database, customerIds);
  const kept: string[] = [];
  for (const customerId of keyed) {
    if (await emptyIfErased(database, customerId))
      warn(`the interrupted erasure of ${customerId} is continued: ${next}`);
    else kept.push(customerId);
  }
  if (kept.length === 0) return;
  throw new StartError(
    `ERASURE_LIST: the database has the keys of ${kept.length} of its customers again: erase them with orderstream erase-customer --from ${file}`,
  );
}

const next = 'its key is erased now; complete it with orderstream erase-customer --from, or by repeating the command';

/** @returns false if the log has no event of the erasure */
async function emptyIfErased(database: Database, customerId: string): Promise<boolean> {
  try {
    await emptyKeyOfErased(database, customerId);
    return true;
  } catch (error) {
    if (lacksRight(error)) return false;
    throw error;
  }
}

/**
 * The customers on an erasure list, each once. A line may also be a customer's id alone. Lists of several machines may
 * be concatenated.
 * @throws StartError if the file cannot be read, or a line names no customer
 */
export async function readErasureList(file: string): Promise<readonly string[]> {
  const { customerIds, damagedLines } = await readLines(file);
  const [line] = damagedLines;
  if (line !== undefined) throw new StartError(damaged(file, line));
  return customerIds;
}

function damaged(file: string, line: number): string {
  return `${file} line ${line}: it names no customer: correct it, or remove it`;
}

/** @returns `damagedLines`: the numbers of the lines that name no customer, from 1 */
async function readLines(file: string) {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StartError(`the erasure list ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  });
  const customerIds = new Set<string>();
  const damagedLines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const id = customerOf(line.trim());
    if (id === undefined) damagedLines.push(index + 1);
    else customerIds.add(id);
  }
  return { customerIds: [...customerIds], damagedLines };
}

function customerOf(line: string): string | undefined {
  if (kindOfId(line) !== undefined) return line;
  try {
    const { customerId } = JSON.parse(line) as Partial<ListedErasure>;
    return typeof customerId === 'string' && kindOfId(customerId) !== undefined ? customerId : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Those of the customers whose erasure is not in this log, or not completely: they have a key, or a stream with their
 * personal data has no event of an erasure. It reads the whole log once.
 * @param deciders all aggregates
 */
export async function readUnerased(
  database: Database,
  types: EventTypes,
  deciders: readonly AnyDecider[],
  customerIds: readonly string[],
): Promise<readonly string[]> {
  if (customerIds.length === 0) return [];
  const unerased = new Set(await readKeyed(database, customerIds));
  const streams = await streamsAboutAny(database, customerIds);
  for (const decider of deciders) {
    const ofType = streams.filter(({ streamType }) => streamType === decider.streamType);
    const [first] = ofType;
    if (first === undefined) continue;
    const { events } = await readStream(database, types, first);
    const erased = new Set(await readErasedStreams(database, ofType, erasureEventType(decider, events)));
    for (const { streamId, subject } of ofType) if (!erased.has(streamId)) unerased.add(subject);
  }
  return customerIds.filter(id => unerased.has(id));
}

/** Those of the customers who have a key, so that their personal data can be read. */
export async function readKeyed(database: Database, customerIds: readonly string[]): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(sql`
    SELECT k.customer_id AS id
    FROM customer_keys k
    WHERE k.key <> ''::bytea
      AND k.customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(customerIds)}::jsonb)))`);
  return rows.map(({ id }) => id);
}

/** Those of the streams that have the event of their erasure. */
async function readErasedStreams(
  database: Database,
  streams: readonly StreamOfSubject[],
  erasedType: string,
): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(sql`
    SELECT DISTINCT e.stream_id AS id
    FROM jsonb_to_recordset(${JSON.stringify(streams)}::jsonb) AS asked("streamType" text, "streamId" text)
    JOIN events e ON e.stream_type = asked."streamType" AND e.stream_id = asked."streamId"
    WHERE e.type = ${erasedType}`);
  return rows.map(({ id }) => id);
}
