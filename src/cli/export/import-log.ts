import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../database/database.ts';
import { lacksRight, sqlState } from '../../database/database-error.ts';
import { openEventStore } from '../../event-store/event-store.ts';
import {
  findOtherKey,
  type LogEnd,
  readHashAt,
  readLogEnd,
  storeEventLines,
  storeKeyLines,
} from '../../event-store/archive.ts';
import { types, views } from '../../slices.ts';
import { StartError } from '../../start-error.ts';
import { catchUp } from '../catch-up.ts';
import { counted, openProgress } from '../progress.ts';
import type { Report } from '../report.ts';
import { eventFiles, keysName, type Manifest, readManifest } from './export-folder.ts';
import { peakMegabytes, positionOf } from './export-log.ts';

const batchSize = 1_000;

/**
 * `orderstream import-log FOLDER`: stores an export in an empty log, with the same positions, ids and hashes. Each hash
 * is computed again. If it was killed, a second call continues it: the log then has the first events of the export.
 * @param embedded true: no projector runs, so this command folds the views itself
 * @throws StartError if the export is not complete, or the log has other events; then nothing was changed
 */
export async function importLog(database: Database, embedded: boolean, folder: string): Promise<Report> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw new StartError(`${folder} has no export: name the folder of one`);
  if (manifest.format !== 'jsonl') {
    throw new StartError(`${folder} has an export as ${manifest.format}: only one as jsonl has the whole chain`);
  }
  if (!manifest.complete) throw new StartError(`${folder} is not complete: run the export again, which continues it`);
  const before = await readLogEnd(database);
  await checkContinues(folder, manifest, before);
  await checkKeys(database, folder);
  // Keys before events: whatever folds the events can then read their personal data.
  for await (const lines of batches(join(folder, keysName))) await asStartError(storeKeyLines(database, lines), folder);
  await storeEvents(database, folder, manifest, before);
  if ((await readHashAt(database, manifest.end.point)) !== manifest.end.hash) {
    throw new StartError(`the log does not end as ${folder} says: its files were changed`);
  }
  if (embedded) {
    console.error('bringing the views up to date');
    await catchUp(
      database,
      openEventStore(database, types, () => undefined),
      views,
    );
  }
  const events = manifest.end.point - before.point;
  const position = positionOf(manifest);
  return {
    ok: true,
    lines: [
      `${counted(events, 'event')} imported, ${counted(before.point)} stored before: the log ends at position ${position}, and each hash was checked`,
      ...(manifest.personal ? [] : withoutKeys),
      ...(embedded ? [] : ['the views show them when a server runs']),
    ],
    value: {
      folder,
      position,
      events,
      storedBefore: before.point,
      personal: manifest.personal,
      peakMegabytes: peakMegabytes(),
    },
  };
}

/** Checks that the log has the first events of the export, and no others: nothing may be changed in another log. */
async function checkContinues(folder: string, manifest: Manifest, { point, hash }: LogEnd): Promise<void> {
  if (point === 0) return;
  const file = eventFiles(manifest).find(({ first, last }) => first <= point && point <= last);
  if (file === undefined) throw otherEvents(folder);
  let at = file.first - 1;
  for await (const lines of batches(join(folder, file.name))) {
    const line = lines[point - at - 1];
    at += lines.length;
    if (line === undefined) continue;
    if (!line.includes(`"${hash}"`)) throw otherEvents(folder);
    return;
  }
  throw notTheEvents(folder, file);
}

/** Checks that no customer has another key here: what one of the two keys encrypted could not be read any more. */
async function checkKeys(database: Database, folder: string): Promise<void> {
  for await (const lines of batches(join(folder, keysName))) {
    const customerId = await asStartError(findOtherKey(database, lines), join(folder, keysName));
    if (customerId === undefined) continue;
    throw new StartError(
      `${customerId} has another key in this database than in ${folder}: import it into an empty database`,
    );
  }
}

async function storeEvents(database: Database, folder: string, manifest: Manifest, before: LogEnd): Promise<void> {
  const progress = openProgress(process.stderr, { what: 'event', total: manifest.end.point });
  for (const { name, first, last } of eventFiles(manifest)) {
    if (last < before.point) {
      progress.add(last - first + 1);
      continue;
    }
    let at = first - 1;
    for await (const lines of batches(join(folder, name))) {
      const skipped = Math.min(Math.max(before.point - at, 0), lines.length);
      if (skipped < lines.length) await store(database, folder, name, lines.slice(skipped));
      at += lines.length;
      progress.add(lines.length);
    }
    if (at !== last) throw notTheEvents(folder, { name, first, last });
  }
  progress.end();
}

const withoutKeys = [
  'the export has no keys (it was made without --personal): the personal data in it cannot be read, and is shown as erased',
  'a customer gets a new key with the next personal data, which can be read; the old keys (--personal) can be imported only until an event is appended',
];

function otherEvents(folder: string): StartError {
  return new StartError(`the log has events that are not in ${folder}: import it into an empty database`);
}

function notTheEvents(folder: string, { name, first, last }: ReturnType<typeof eventFiles>[number]): StartError {
  return new StartError(`${join(folder, name)} has not the events ${first} to ${last}: it was changed`);
}

async function store(database: Database, folder: string, name: string, lines: readonly string[]): Promise<void> {
  const fault = await asStartError(storeEventLines(database, lines), join(folder, name));
  if (fault === undefined) return;
  throw new StartError(
    `${join(folder, name)}: event ${fault.position}: ${fault.fault}; it was not stored, nor any after it`,
  );
}

async function asStartError<Result>(storing: Promise<Result>, path: string): Promise<Result> {
  try {
    return await storing;
  } catch (error) {
    if (lacksRight(error)) {
      throw new StartError(
        'DATABASE_MIGRATE_URL: set it to the URL of the owner, because only the owner may import a log',
      );
    }
    const state = sqlState(error) ?? '';
    if (state === '23505') {
      throw new StartError(
        'another process appends events to this log: stop all servers, and import into an empty database',
      );
    }
    // A line is no JSON, or has a value of another type.
    if (/^(?:22|23502)/.test(state))
      throw new StartError(`${path} has a line that is not of an export: it was changed`);
    throw error;
  }
}

/** The lines of a file, without reading all of it into memory. Only a line feed ends a line, as in JSON lines. */
async function* batches(path: string): AsyncGenerator<string[]> {
  let rest = '';
  const lines: string[] = [];
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.filter(line => line !== ''));
      while (lines.length >= batchSize) yield lines.splice(0, batchSize);
    }
  } catch (error) {
    throw new StartError(`${path} can't be read (${(error as NodeJS.ErrnoException).code}): copy the whole folder`);
  }
  if (rest !== '') lines.push(rest);
  if (lines.length > 0) yield lines;
}
