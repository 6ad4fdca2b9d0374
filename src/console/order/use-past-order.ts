import { useQuery } from '@apollo/client/react';
import { PastOrderDocument, type PastOrderQuery } from '../generated/graphql.ts';

export type PastOrder = NonNullable<PastOrderQuery['orderAt']>;

/**
 * The order as it was at a version. While the slider is dragged, the last loaded version stays.
 * @param version undefined: the present is shown
 */
export function usePastOrder(id: string, version: number | undefined) {
  const { data, previousData, error } = useQuery(PastOrderDocument, {
    variables: { id, version: version ?? 1 },
    skip: version === undefined,
    // A past version never changes.
    fetchPolicy: 'cache-first',
  });
  return { past: (data ?? previousData)?.orderAt ?? undefined, error };
}
