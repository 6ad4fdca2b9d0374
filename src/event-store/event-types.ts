/** What a reader knows of a stream type's events. Every decider has this shape. */
export interface KnownEvents {
  readonly streamType: string;
  readonly schemaVersions: Readonly<Record<string, number>>;
  readonly upcast: (event: StoredShape, schemaVersion: number) => StoredShape;
}

interface StoredShape {
  type: string;
  data: unknown;
}

/** An event that this version of the code can't read. Its reader stops: skipping it would lose it. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

export type EventTypes = ReadonlyMap<string, KnownEvents>;

export function eventTypes(known: readonly KnownEvents[]): EventTypes {
  return new Map(known.map(one => [one.streamType, one]));
}

/**
 * Brings a stored event up to the newest schema version, one version at a time.
 * @throws UnknownEventError for a stream type, an event type or a schema version newer than this code knows
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
      `${streamType} event ${event.type} with schema version ${reached} is not known here: deploy a version that reads it first`,
    );
  }
  return { type: event.type, data: event.data as object, schemaVersion: reached };
}
