import type { RecordedEvent } from './recorded-event.ts';

/** The place of an event, which is known even if its content is damaged. */
type Place = Pick<RecordedEvent, 'streamType' | 'streamId' | 'version' | 'position' | 'hash'>;

/** A stored event of a known type that can't be upcast or decrypted: it is damaged, or the upcast has a bug. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
  readonly event: Place;

  constructor(event: Place, cause: unknown) {
    super(`event ${event.position} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.event = event;
  }
}
