import { skipToken, useQuery } from '@apollo/client/react';
import { PastOrderDocument, type PastOrderQuery } from '../generated/graphql.ts';

export type PastOrder = NonNullable<PastOrderQuery['orderAt']>;

/**
 * A past version of the order. While the slider is dragged, the last loaded version stays.
 * @param version undefined: the present is shown
 */
export function usePastOrder(id: string, version: number | undefined) {
  // A past version never changes: the cache has it after the first time.
  const options = version === undefined ? skipToken : { variables: { id, version } };
  const { data, previousData, error } = useQuery(PastOrderDocument, options);
  return { past: (data ?? previousData)?.orderAt ?? undefined, error };
}
