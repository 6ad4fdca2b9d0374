import { writeFile } from 'node:fs/promises';
import { type ColumnSource, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import { readLog } from '../../event-store/read-log.ts';
import { UnreadableEventError } from '../../event-store/unreadable-event.ts';
import { types } from '../../slices.ts';
import { StartError } from '../../start-error.ts';
import type { EventFile } from './event-file.ts';

/** Events in memory at a time: a row group of the file. */
const rowGroupSize = 5_000;

/** A column: its type, and its value of an event. */
interface Column {
  readonly type: NonNullable<ColumnSource['type']>;
  readonly nullable?: true;
  readonly of: (event: RecordedEvent) => unknown;
}

const columns: Readonly<Record<string, Column>> = {
  position: { type: 'INT64', of: event => BigInt(event.position) },
  hash: { type: 'STRING', of: event => event.hash },
  stream_type: { type: 'STRING', of: event => event.streamType },
  stream_id: { type: 'STRING', of: event => event.streamId },
  version: { type: 'INT32', of: event => event.version },
  command_id: { type: 'STRING', of: event => event.commandId },
  ordinal: { type: 'INT32', of: event => event.ordinal },
  type: { type: 'STRING', of: event => event.type },
  schema_version: { type: 'INT32', of: event => event.schemaVersion },
  data: { type: 'JSON', of: event => event.data },
  actor_role: { type: 'STRING', of: event => event.metadata.actor.role },
  actor_subject: { type: 'STRING', of: event => event.metadata.actor.subject },
  correlation_id: { type: 'STRING', of: event => event.metadata.correlationId },
  occurred_at: { type: 'TIMESTAMP', of: event => event.occurredAt },
  recorded_at: { type: 'TIMESTAMP', of: event => event.recordedAt },
};

const personalColumn: Readonly<Record<string, Column>> = {
  personal: { type: 'JSON', nullable: true, of: event => event.personal ?? null },
};

/**
 * Writes events as Parquet, in the form that this release gives them: one shape for each type, however old the event is.
 * @param personal whether to write personal data whose key is not erased
 */
export async function writeParquet({ database, path, after, to, add }: EventFile, personal: boolean): Promise<void> {
  const written = personal ? { ...columns, ...personalColumn } : columns;
  await writeFile(path, '', { mode: 0o600 });
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: dataOf(written, []) }),
    createdBy: 'Orderstream',
  });
  for (let done = after; done < to; ) {
    const limit = Math.min(rowGroupSize, to - done);
    const events = await readLog(database, types, done, limit).catch((error: unknown) => {
      if (!(error instanceof UnreadableEventError)) throw error;
      throw new StartError(`${error.message}: see orderstream verify`);
    });
    if (events.length === 0) throw new StartError(`the log has no event ${done + 1}: was it replaced? Start again`);
    await writer.write({ columnData: dataOf(written, events), rowGroupSize });
    done += events.length;
    add(events.length);
  }
  await writer.finish();
}

function dataOf(written: Readonly<Record<string, Column>>, events: readonly RecordedEvent[]): ColumnSource[] {
  return Object.entries(written).map(([name, { type, nullable = false, of }]) => {
    return { name, type, nullable, data: events.map(of) };
  });
}
