import { useSubscription } from '@apollo/client/react';
import { ReadModelLagDocument } from '../generated/graphql.ts';

/** For staff: the position that the read models have reached; it changes with whatever is stored. */
export function useViewPosition(): string | undefined {
  const { data } = useSubscription(ReadModelLagDocument);
  return data?.projectionsUpdated.map(({ position }) => position).sort()[0];
}
