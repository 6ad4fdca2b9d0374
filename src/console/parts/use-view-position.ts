import { useSubscription } from '@apollo/client/react';
import { ReadModelLagDocument } from '../generated/graphql.ts';

/** For staff: the position that the read models have reached; it changes with whatever is stored. */
export function useViewPosition(): string | undefined {
  // Apollo would share the header's subscription, and then its first frame, which was before this one, is missing here.
  const { data } = useSubscription(ReadModelLagDocument, { context: { queryDeduplication: false } });
  return data?.projectionsUpdated.map(({ position }) => position).sort()[0];
}
