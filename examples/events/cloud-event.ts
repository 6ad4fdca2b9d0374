import type { LogEvent } from './follow-log.ts';

/** An event in the JSON format of CloudEvents 1.0. Position and version are extension attributes. */
export function cloudEventOf(event: LogEvent): object {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/orderstream/${event.streamType}`,
    type: `orderstream.${event.streamType}.${event.type}`,
    subject: event.streamId,
    time: event.recordedAt,
    datacontenttype: 'application/json',
    dataschema: `/orderstream/${event.streamType}/${event.type}/${event.schemaVersion}`,
    position: event.position,
    streamversion: event.version,
    correlationid: event.correlationId,
    data: event.data,
  };
}
