import { type OperationError } from '@orderstream/client';
import { useEffect, useState } from 'react';
import { session } from '../client.ts';
import { OrderHistoryDocument, type OrderHistorySubscription } from '../generated/graphql.ts';

export type HistoryEvent = OrderHistorySubscription['orderEvents'];

/** All events of an order, oldest first, and each new one as it is stored. */
export function useOrderHistory(orderId: string): {
  readonly events: readonly HistoryEvent[];
  readonly error: OperationError | undefined;
} {
  const [events, setEvents] = useState<readonly HistoryEvent[]>([]);
  const [error, setError] = useState<OperationError>();
  useEffect(() => {
    setEvents([]);
    setError(undefined);
    return session.subscribe(
      { document: OrderHistoryDocument, variables: { orderId } },
      {
        next({ data }) {
          const event = (data as OrderHistorySubscription | null | undefined)?.orderEvents;
          if (event) setEvents(before => [...before, event]);
        },
        error(cause) {
          setError(cause as OperationError);
        },
        complete: () => undefined,
      },
    );
  }, [orderId]);
  return { events, error };
}
