import { createHash, randomUUID } from 'node:crypto';
import type { Actor } from '../commands/decider.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { newCommandId, newId } from '../ids.ts';
import { projectionEvents, retryEvent, type StreamName } from '../projections/projection-events.ts';

/** Maximum time for the append, ms. */
const appendTimeoutMs = 15_000;

/** A person at a terminal, who has no token. */
const atTerminal: Actor = { role: 'operator', subject: 'operator' };

/**
 * Appends a retry event. Each has its own stream, so two of them cannot conflict.
 * @param actor who retries the stream; default: a person at a terminal
 * @returns the event's position
 */
export async function appendRetry(
  store: Pick<EventStore, 'append'>,
  { streamType, streamId }: StreamName,
  actor = atTerminal,
): Promise<number> {
  const event = retryEvent({ streamType, streamId });
  const outcome = await store.append(
    {
      streamType: projectionEvents.streamType,
      streamId: newId('prj'),
      version: 0,
      hash: null,
      commandId: newCommandId(),
      commandHash: createHash('sha256').update(JSON.stringify(event)).digest('hex'),
      reads: [],
      metadata: { actor, correlationId: randomUUID() },
      occurredAt: new Date().toISOString(),
      events: [event],
    },
    performance.now() + appendTimeoutMs,
  );
  if (outcome.outcome !== 'appended' && outcome.outcome !== 'replayed')
    throw new Error(`the append to a new stream ended with ${outcome.outcome}`);
  return outcome.position;
}
