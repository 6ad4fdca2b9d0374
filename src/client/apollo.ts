import { ApolloLink } from '@apollo/client';
import { print } from '@apollo/client/utilities';
import { Observable } from 'rxjs';
import { type Answer, type ClientOptions, openOperationSession } from './operation-session.ts';
import { createSeen } from './seen.ts';

const header = 'orderstream-position';

/**
 * A link for Apollo Client 4. Place it before the terminating links. Operations then read this client's own writes,
 * subscriptions resume after the last received frame, and transient failures are retried. After RESYNC all active
 * queries are fetched again.
 */
export function orderstreamLink(options: ClientOptions = {}): ApolloLink {
  const { seen = createSeen(), onResync } = options;
  return new ApolloLink((operation, forward) => {
    const { query, variables, extensions, client } = operation;
    const session = openOperationSession(
      { query: print(query), variables, extensions },
      {
        seen,
        onResync(position) {
          void client.refetchObservableQueries();
          onResync?.(position);
        },
      },
    );
    // By reference: a terminating link that reconnects by itself sends the current values of this object.
    operation.variables = session.request.variables;
    operation.extensions = session.request.extensions;

    return new Observable(observer => {
      let below: { unsubscribe(): void } | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;

      function send(): void {
        let again: number | undefined;
        const later = (wait: number) => {
          again = wait;
          below?.unsubscribe();
          timer = setTimeout(send, wait);
        };
        const position = session.send();
        operation.setContext(context => {
          const { [header]: _, ...headers } = (context['headers'] ?? {}) as Record<string, string>;
          return { headers: position === undefined ? headers : { ...headers, [header]: position } };
        });
        below = forward(operation).subscribe({
          next(answer) {
            if (again !== undefined) return;
            const verdict = session.take(answer as Answer);
            if (typeof verdict === 'number') later(verdict);
            else if (verdict) observer.next(verdict as ApolloLink.Result);
          },
          error(error: { readonly statusCode?: number; readonly errors?: Answer['errors'] }) {
            if (again !== undefined) return;
            const { statusCode, errors } = error;
            const wait = errors ? session.take({ errors }) : session.fail(statusCode);
            if (typeof wait === 'number') later(wait);
            else observer.error(error);
          },
          complete() {
            if (again === undefined) observer.complete();
          },
        });
      }

      send();
      return () => {
        clearTimeout(timer);
        below?.unsubscribe();
      };
    });
  });
}
