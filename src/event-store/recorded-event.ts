/** Who asked, and what ties the event to the request that caused it. */
export interface EventMetadata {
  readonly actor: { readonly role: 'customer' | 'staff'; readonly subject: string };
  readonly correlationId: string;
  /** W3C: the span that stored the event, where it was traced. Projection and delivery continue its trace. */
  readonly traceparent?: string | undefined;
}

/** One event as the log has it, brought up to its newest schema version, personal data opened where its key is there. */
export interface RecordedEvent {
  /** 1 is the first event of the log; dense, in commit order. */
  readonly position: number;
  /** First bytes of the chained hash, hex, as a position carries them. */
  readonly hash: string;
  readonly streamType: string;
  readonly streamId: string;
  /** 1 is the first event of the stream; dense. */
  readonly version: number;
  readonly commandId: string;
  readonly ordinal: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
  /** Undefined if the event has none, or if the key that opens it was thrown away or lost. */
  readonly personal: object | undefined;
  readonly metadata: EventMetadata;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
}
