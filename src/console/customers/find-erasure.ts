import { session } from '../client.ts';
import { ErasureEventsDocument, type ErasureEventsSubscription } from '../generated/graphql.ts';

export type ErasureEvent = ErasureEventsSubscription['eventsAppended'];

/**
 * Reads the log until it finds an event of a customer.
 * @param after a position before it
 * @param version of the customer with this event
 * @throws OperationError
 */
export function findErasure(customerId: string, after: string, version: number): Promise<ErasureEvent> {
  return new Promise((resolve, reject) => {
    const end = session.subscribe(
      { document: ErasureEventsDocument, variables: { after } },
      {
        next({ data }) {
          const event = (data as ErasureEventsSubscription | null | undefined)?.eventsAppended;
          if (event?.streamId !== customerId || event.version !== version) return;
          end();
          resolve(event);
        },
        error: reject,
        complete: () => undefined,
      },
    );
  });
}
