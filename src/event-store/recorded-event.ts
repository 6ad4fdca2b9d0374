/** The actor, and the ids that connect the event with the request that caused it. */
export interface EventMetadata {
  readonly actor: { readonly role: 'customer' | 'staff' | 'operator'; readonly subject: string };
  readonly correlationId: string;
  /** W3C: the span that stored the event, if it was traced. Projection and delivery continue its trace. */
  readonly traceparent?: string | undefined;
}

/** A stored event, upcast to its newest schema version. Its personal data is decrypted if the key is stored. */
export interface RecordedEvent {
  /** The first event of the log has 1; without gaps, in commit order. */
  readonly position: number;
  /** The first bytes of the chained hash, hex, as they are in a position. */
  readonly hash: string;
  readonly streamType: string;
  readonly streamId: string;
  /** The first event of the stream has 1; without gaps. */
  readonly version: number;
  readonly commandId: string;
  readonly ordinal: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
  /** Undefined if the event has none, or if its key was deleted or lost. */
  readonly personal: object | undefined;
  readonly metadata: EventMetadata;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
}
