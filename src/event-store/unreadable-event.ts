import type { StoredEvent } from './stored-event.ts';

/** A stored event of a known type whose bytes can't be brought up or opened: damaged, or an upcaster's fault. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
  readonly event: Pick<StoredEvent, 'streamType' | 'streamId' | 'version' | 'position' | 'hash'>;

  constructor(event: StoredEvent, cause: unknown) {
    super(`event ${event.position} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.event = event;
  }
}
