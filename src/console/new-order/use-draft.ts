import { OperationError } from '@orderstream/client';
import { useCommand, useLiveOrder, useStore } from '@orderstream/client/react';
import { useCallback, useEffect, useMemo } from 'react';
import { client } from '../client.ts';
import { OrderDetailFragmentDoc, OwnDraftDocument } from '../generated/graphql.ts';
import { createDraftQueue, linesWith, type Run, type Wish } from './draft-queue.ts';

/**
 * One draft: the server's order, and on top what the customer has wished since.
 * @param customerId for whom staff orders; undefined: the viewer
 */
export function useDraft(orderId: string, customerId: string | undefined) {
  const run: Run = useCommand();
  const { order, error, retry } = useLiveOrder(orderId, OrderDetailFragmentDoc);
  const queue = useMemo(() => {
    let exists = false;
    return createDraftQueue({
      orderId,
      run,
      keep: sessionStorage,
      async create() {
        if (exists) return undefined;
        const { data } = await client.query({
          query: OwnDraftDocument,
          variables: { id: orderId },
          fetchPolicy: 'network-only',
        });
        const created =
          data?.order == null
            ? await run('createOrder', {
                orderId,
                idempotencyKey: orderId,
                ...(customerId !== undefined && { customerId }),
              })
            : undefined;
        exists = created?.accepted ?? true;
        return created;
      },
    });
  }, [orderId, run, customerId]);
  const { wishes, refusal, isSending } = useStore(queue.state);

  const position = order?.position;
  useEffect(() => {
    if (position !== undefined) queue.shownAt(position);
  }, [queue, position]);

  const submit = useCallback(async () => {
    await queue.settled();
    return run('submitOrder', { orderId });
  }, [queue, run, orderId]);

  const isMissing = error instanceof OperationError && error.code === 'NOT_FOUND';
  return {
    order,
    lines: linesWith(order?.lines ?? [], wishes),
    isSending,
    refusal,
    add: (wish: Wish) => {
      queue.add(wish);
    },
    submit,
    error: isMissing ? undefined : error,
    retry,
  };
}
