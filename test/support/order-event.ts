import type { NewEvent } from '../../src/event-store/append-events.ts';
import { orderDecider } from '../../src/order/decider.ts';

/** An event of an order in its newest schema version, for an append without a command. */
export function orderEvent(type: string, data: object): NewEvent {
  const versions: Readonly<Record<string, number>> = orderDecider.schemaVersions;
  return { type, schemaVersion: versions[type]!, data, personal: null };
}
