import { ErasureEventsDocument, type ErasureEventsSubscription } from '../generated/graphql.ts';
import { followLog } from '../follow-log.ts';

export type ErasureEvent = ErasureEventsSubscription['eventsAppended'];

/**
 * Reads the log until it finds an event of a customer.
 * @param after a position before it
 * @param version of the customer with this event
 * @throws OperationError
 */
export function findErasure(customerId: string, after: string, version: number): Promise<ErasureEvent> {
  return new Promise((resolve, reject) => {
    const end = followLog(ErasureEventsDocument, after, {
      next({ eventsAppended }) {
        if (eventsAppended.streamId !== customerId || eventsAppended.version !== version) return;
        end();
        resolve(eventsAppended);
      },
      damaged: () => undefined,
      error: reject,
    });
  });
}
