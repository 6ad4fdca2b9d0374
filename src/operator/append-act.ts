import { createHash, randomUUID } from 'node:crypto';
import type { Actor } from '../commands/decider.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { newCommandId, newId } from '../ids.ts';
import { type ActEvent, projectionEvents } from '../projections/projection-events.ts';

/** Maximum time for the append, ms. */
const appendTimeoutMs = 15_000;

/** A person at a terminal, who has no token. @param by the name that they gave */
export function atTerminal(by = 'operator'): Actor {
  return { role: 'operator', subject: by };
}

/**
 * Appends what an operator does about the views. Each event has its own stream, so two of them cannot conflict.
 * @returns the event's position
 */
export async function appendAct(
  store: Pick<EventStore, 'append'>,
  event: ActEvent,
  actor: Actor = atTerminal(),
): Promise<number> {
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
