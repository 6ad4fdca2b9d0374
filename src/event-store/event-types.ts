/** What a reader needs to know about the events of a stream type. Every decider has this shape. */
export interface KnownEvents {
  readonly streamType: string;
  readonly schemaVersions: Readonly<Record<string, number>>;
  readonly upcast: (event: StoredShape, schemaVersion: number) => StoredShape;
}

interface StoredShape {
  type: string;
  data: unknown;
}

/** An event that this release can't read. A reader stops at it, because skipping it would lose it. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

export type EventTypes = ReadonlyMap<string, KnownEvents>;

export function eventTypes(known: readonly KnownEvents[]): EventTypes {
  return new Map(known.map(one => [one.streamType, one]));
}

/**
 * Upcasts a stored event to the newest schema version, one version at a time.
 * @throws UnknownEventError if the stream type or event type is unknown, or if the schema version is newer than the
 * code
 */
export function bringUp(
  types: EventTypes,
  streamType: string,
  stored: StoredShape,
  schemaVersion: number,
): { type: string; data: object; schemaVersion: number } {
  const known = types.get(streamType);
  let event = stored;
  let reached = schemaVersion;
  while (known && reached < (known.schemaVersions[event.type] ?? 0)) event = known.upcast(event, reached++);
  if (known?.schemaVersions[event.type] !== reached) {
    throw new UnknownEventError(
      `${streamType} event ${event.type} with schema version ${reached} is unknown to this release: deploy a release that can read it`,
    );
  }
  return { type: event.type, data: event.data as object, schemaVersion: reached };
}
