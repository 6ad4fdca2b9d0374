import {
  type CombinedError,
  type ExecutionResult,
  type Exchange,
  makeOperation,
  makeResult,
  type Operation,
  type OperationResult,
  stringifyDocument,
} from '@urql/core';
import { filter, makeSubject, map, merge, pipe, tap } from 'wonka';
import { type Answer, type ClientOptions, type OperationSession, openOperationSession } from './operation-session.ts';
import { createSeen } from './seen.ts';

interface Underway {
  readonly session: OperationSession;
  /** The operation as it came from the client: results refer to it, so that no cache sees the changes made here. */
  readonly operation: Operation;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

/**
 * An exchange for urql. Place it after the cache and before the terminating exchanges. Operations then read this
 * client's own writes, subscriptions resume after the last received frame, and transient failures are retried. After
 * RESYNC all active queries are fetched again.
 */
export function orderstreamExchange(options: ClientOptions = {}): Exchange {
  const { seen = createSeen(), onResync } = options;
  return ({ client, forward }) => {
    const underway = new Map<number, Underway>();
    const repeats = makeSubject<Operation>();
    const deliveredErrors = new WeakSet<object>();

    function refetch(position: string | undefined): void {
      for (const { operation } of [...underway.values()]) {
        if (operation.kind !== 'query') continue;
        client.reexecuteOperation(
          client.createRequestOperation('query', operation, { ...operation.context, requestPolicy: 'network-only' }),
        );
      }
      onResync?.(position);
    }

    function begin(operation: Operation): Operation {
      const { key, kind, query, variables, extensions } = operation;
      clearTimeout(underway.get(key)?.timer);
      underway.delete(key);
      if (kind === 'teardown') return operation;
      const request = { query: stringifyDocument(query), variables: variables as object, extensions };
      const one: Underway = { session: openOperationSession(request, { seen, onResync: refetch }), operation };
      underway.set(key, one);
      return prepared(one);
    }

    function prepared({ session, operation }: Underway): Operation {
      const { variables, extensions } = session.request;
      const position = session.send();
      const { fetchOptions } = operation.context;
      return makeOperation(
        operation.kind,
        { ...operation, variables, extensions },
        {
          ...operation.context,
          fetchOptions: () => {
            const given = (typeof fetchOptions === 'function' ? fetchOptions() : fetchOptions) ?? {};
            const headers = new Headers(given.headers);
            if (position !== undefined) headers.set('orderstream-position', position);
            return { ...given, headers: Object.fromEntries(headers) };
          },
        },
      );
    }

    function settle(result: OperationResult): OperationResult | undefined {
      const one = underway.get(result.operation.key);
      if (one === undefined) return result;
      const { session, operation } = one;
      if (one.timer !== undefined) return undefined;
      const { error, extensions, hasNext } = result;
      // The server never ends a subscription without an error, so an end is a lost connection.
      const cut = operation.kind === 'subscription' && !hasNext && !error;
      // urql repeats the errors of a frame with each later frame.
      const errors = error?.graphQLErrors.filter(one => !deliveredErrors.has(one));
      for (const one of errors ?? []) deliveredErrors.add(one);
      const answer: Answer = { data: result.data as unknown, extensions, errors };
      const lost = cut || error?.networkError !== undefined;
      const verdict = lost ? (session.fail(statusOf(error)) ?? answer) : session.take(answer);
      if (verdict === undefined) return undefined;
      if (typeof verdict !== 'number') {
        return { ...(verdict === answer ? result : makeResult(operation, verdict as ExecutionResult)), operation };
      }
      one.timer = setTimeout(() => {
        one.timer = undefined;
        repeats.next(prepared(one));
      }, verdict);
      // A subscription with one failed frame does not end by itself.
      if (hasNext) repeats.next(makeOperation('teardown', operation, operation.context));
      return undefined;
    }

    return operations =>
      pipe(
        merge([pipe(operations, map(begin)), repeats.source]),
        forward,
        map(settle),
        filter(result => result !== undefined),
        tap(({ operation, hasNext }) => {
          if (operation.kind === 'mutation' && !hasNext) underway.delete(operation.key);
        }),
      );
  };
}

function statusOf(error: CombinedError | undefined): number | undefined {
  const { status } = (error?.response ?? {}) as { readonly status?: number };
  return status === 200 ? undefined : status;
}
