import type { Database } from '../database.ts';
import type { EventMetadata } from './recorded-event.ts';
import type { SealedData } from './personal-data.ts';

/** A stream as its reader knows it: its last version (0 for none) and that event's hash. */
export interface StreamVersion {
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly hash: string | null;
}

/** One command's events for one stream, as append_events() takes them. Sent again, it stays the same to the byte. */
export interface AppendRequest extends StreamVersion {
  readonly commandId: string;
  /** Hex; over what the client asked for. */
  readonly commandHash: string;
  /** Other streams that the decision rested on: if one has moved, nothing is appended. */
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
  /** The field of `data` that takes the public number. */
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
  | { readonly outcome: 'conflict'; readonly version: number };

/** One call, one round trip, one commit: the requests' outcomes in their order. */
export async function appendEvents(database: Database, requests: readonly AppendRequest[]): Promise<AppendOutcome[]> {
  const rows = await database.$queryRaw<{ outcomes: AppendOutcome[] }[]>`
    SELECT append_events(${JSON.stringify(requests)}::jsonb) AS outcomes`;
  const outcomes = rows[0]?.outcomes;
  if (outcomes?.length !== requests.length) throw new Error('append_events did not answer every request');
  return outcomes;
}
