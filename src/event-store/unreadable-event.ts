import type { RecordedEvent } from './recorded-event.ts';

/** Where an event stands, which is known whatever it says. */
type Place = Pick<RecordedEvent, 'streamType' | 'streamId' | 'version' | 'position' | 'hash'>;

/** A stored event of a known type whose bytes can't be brought up or opened: damaged, or an upcaster's fault. */
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
