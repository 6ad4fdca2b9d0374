import { type Client, createRequest, type OperationResult } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';
import type { Data } from './data.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';
import { codeOf } from './operation-session.ts';
import type { Session } from './session.ts';
import { dataOf as answerData } from './session-operations.ts';

/** The operations of an urql client, for live lists, commands and hooks. What they receive goes through its exchanges. */
export function urqlOperations(client: Client, session: Session): Operations {
  return {
    session,
    // Past the cache: one that joins pages would return more than this page. What is active is shown in the new versions.
    query: async (document, variables, signal) => answerData(await session.ask({ document, variables }, signal)),
    async mutate(document, variables, viewer) {
      return dataOf(await client.mutation(document, variables, { viewer }).toPromise());
    },
    subscribe(document, variables, sink) {
      // A key of its own: urql shares equal subscriptions, and a second one would get no first frame.
      const request = { ...createRequest(document, variables), key: newKey() };
      let error: unknown;
      let hasLeft = false;
      const subscription = pipe(
        client.executeSubscription(request),
        onEnd(() => {
          if (hasLeft) return;
          if (error === undefined) sink.complete();
          else sink.error(error);
        }),
        subscribe(result => {
          if (!result.hasNext && result.error) error = result.error.networkError ?? result.error.graphQLErrors;
          else sink.next({ data: result.data as unknown, extensions: result.extensions });
        }),
      );
      return () => {
        hasLeft = true;
        subscription.unsubscribe();
      };
    },
  };
}

/** Not a key that urql itself makes: those are positive. */
function newKey(): number {
  return -1 - Math.floor(Math.random() * 2 ** 31);
}

function dataOf({ data, error }: OperationResult): Data {
  if (!error) return data as Data;
  const { networkError, graphQLErrors } = error;
  if (networkError instanceof OperationError) throw networkError;
  const [first] = graphQLErrors;
  throw new OperationError(codeOf(first) ?? 'NETWORK', first?.message ?? error.message);
}
