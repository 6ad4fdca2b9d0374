import type { Database } from '../database/database.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { EventMetadata } from './recorded-event.ts';
import { fingerprintBytes, type SealedData } from './personal-data.ts';

/** A stream as its reader has seen it: its last version (0 if it has no events) and the hash of that event. */
export interface StreamVersion {
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly hash: string | null;
}

/**
 * The events of one command for one stream, as append_events() expects them. A request that is sent again is
 * identical to the byte.
 */
export interface AppendRequest extends StreamVersion {
  readonly commandId: string;
  /** Hash of the client's request, hex. */
  readonly commandHash: string;
  /** Other streams on which the decision depends: if one of them has changed, nothing is appended. */
  readonly reads: readonly StreamVersion[];
  readonly metadata: EventMetadata;
  /** RFC 3339. */
  readonly occurredAt: string;
  readonly events: readonly NewEvent[];
}

export interface NewEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
  readonly personal: SealedData | null;
  /** The field of `data` that receives the public number. */
  readonly number?: string;
}

export type AppendOutcome =
  | {
      readonly outcome: 'appended' | 'replayed';
      /** Version and position of the command's last event. */
      readonly version: number;
      readonly position: number;
      readonly hash: string;
    }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'conflict'; readonly version: number }
  /**
   * The key that encrypted the personal data of the request is not in the database. Encrypt the data again with the
   * stored key.
   */
  | { readonly outcome: 'key-lost' };

/**
 * Appends requests with one statement: one round trip, one commit.
 * @returns the outcomes in the order of the requests. If keys of some requests are not in the database, nothing is
 * stored: their outcome is `key-lost`, and the others are undefined and have to be sent again
 */
export async function appendEvents(
  database: Pick<Database, 'query'>,
  requests: readonly AppendRequest[],
): Promise<(AppendOutcome | undefined)[]> {
  const append = sql`append_events(${sql.join(appendColumns(requests))})`;
  const sealed = requests.flatMap(sealedOf);
  if (sealed.length === 0) {
    const rows = await database.query<{ outcomes: string }>(sql`SELECT ${append} AS outcomes`);
    return appendOutcomes(rows[0]?.outcomes ?? '', requests.length);
  }
  const rows = await database.query<{ lost: string[] | null; outcomes: string | null }>(sql`
    WITH lost AS MATERIALIZED (${lostKeys(sealed)})
    SELECT (SELECT json_agg(lost.name) FROM lost) AS lost,
      CASE WHEN NOT EXISTS (SELECT FROM lost) THEN ${append} END AS outcomes`);
  const { lost, outcomes } = rows[0] ?? {};
  if (!lost) return appendOutcomes(outcomes ?? '', requests.length);
  return requests.map(request =>
    sealedOf(request).some(one => lost.includes(keyName(one))) ? { outcome: 'key-lost' } : undefined,
  );
}

type Sealed = SealedData & { readonly key: string };

/** The encrypted data of a request: one item for each key. */
function sealedOf({ events }: AppendRequest): Sealed[] {
  const sealed = events.flatMap(({ personal }) => (personal?.key === undefined ? [] : [personal as Sealed]));
  return sealed.filter((one, index) => sealed.findIndex(other => keyName(other) === keyName(one)) === index);
}

function keyName({ subject, key }: Sealed): string {
  return `${subject} ${key}`;
}

/**
 * Selects the keys that differ from the stored ones. This is part of the appending statement: after a restore or a
 * failover, a process may have cached a key that the database lacks, and data encrypted with it could never be read.
 * If a key was deleted, any key is accepted, because data of an erased subject has to be unreadable.
 */
function lostKeys(sealed: readonly Sealed[]): Sql {
  return sql`
    SELECT sealed.subject || ' ' || sealed.key AS name
    FROM unnest(${sealed.map(({ subject }) => subject)}::text[], ${sealed.map(({ key }) => key)}::text[])
      AS sealed(subject, key)
    WHERE NOT EXISTS (
      SELECT FROM customer_keys k WHERE k.customer_id = sealed.subject
        AND (k.key = ''::bytea OR encode(substr(sha256(k.key), 1, ${fingerprintBytes}::int), 'hex') = sealed.key))`;
}

/**
 * The arguments of append_events(), see its migration. The server parses lines in a third of the time that it needs
 * for JSON.
 */
export function appendColumns(requests: readonly AppendRequest[]): string[] {
  const { reads, readings } = readsOf(requests);
  const events = requests.flatMap(request => request.events);
  return [
    lines(requests, request => request.commandId),
    lines(requests, request => `\\x${request.commandHash}`),
    lines(requests, request => request.streamType),
    lines(requests, request => request.streamId),
    lines(requests, request => request.version),
    lines(requests, request => request.hash),
    lines(requests, request => JSON.stringify(request.metadata)),
    lines(requests, request => request.occurredAt),
    lines(requests, request => request.events.length),
    lines(reads, read => read.streamType),
    lines(reads, read => read.streamId),
    lines(reads, read => read.version),
    lines(reads, read => read.hash),
    lines(readings, ([request]) => request),
    lines(readings, ([, read]) => read),
    lines(events, event => event.type),
    lines(events, event => event.schemaVersion),
    lines(events, event => JSON.stringify(event.data)),
    lines(events, event => (event.personal === null ? null : JSON.stringify(event.personal))),
    lines(events, event => event.number),
  ];
}

function lines<Item>(items: readonly Item[], value: (item: Item) => string | number | null | undefined): string {
  return items.map(item => value(item) ?? '-').join('\n');
}

/**
 * Every stream version on which a request depends, without repeats; and pairs of request and stream version, both
 * numbered from 1.
 */
function readsOf(requests: readonly AppendRequest[]): { reads: StreamVersion[]; readings: [number, number][] } {
  const numbers = new Map<string, number>();
  const reads: StreamVersion[] = [];
  const readings: [number, number][] = [];
  requests.forEach((request, index) => {
    for (const read of request.reads) {
      const state = `${read.streamType} ${read.streamId} ${read.version} ${read.hash}`;
      const number = numbers.get(state) ?? reads.push(read);
      numbers.set(state, number);
      readings.push([index + 1, number]);
    }
  });
  return { reads, readings };
}

/** @throws Error if the response has not one line for each request: then it is unknown what was stored */
export function appendOutcomes(response: string, requests: number): AppendOutcome[] {
  const outcomes = response.split('\n').map(outcomeOf);
  if (outcomes.length !== requests) throw new Error('append_events did not return an outcome for every request');
  return outcomes;
}

function outcomeOf(line: string): AppendOutcome {
  const [outcome, version, position, hash = ''] = line.split(' ');
  switch (outcome) {
    case 'appended':
    case 'replayed':
      return { outcome, version: Number(version), position: Number(position), hash };
    case 'reused':
      return { outcome };
    case 'conflict':
      return { outcome, version: Number(version) };
    default:
      throw new Error(`append_events returned ${line}`);
  }
}
