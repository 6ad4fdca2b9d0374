import { type ApolloClient, ApolloLink, DocumentTransform, InMemoryCache } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { Observable } from 'rxjs';
import { withEntityFields } from './entity-fields.ts';
import { type Answer, codeOf } from './operation-session.ts';
import { readMissingFields } from './missing-fields.ts';
import type { Data } from './data.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';
import type { ShownOverlay } from './overlays.ts';
import { possibleTypes } from './schema-facts.ts';
import type { Session, SessionRequest } from './session.ts';
import { typePolicies } from './type-policies.ts';
import type { ActiveResult } from './visit-entities.ts';

/**
 * The terminating link for Apollo Client 4: queries and commands over HTTP, subscriptions over the session's transport.
 * Operations read this tab's own writes, no entity's version ever falls, subscriptions resume after the last frame, and
 * transient failures are retried. After RESYNC all active queries are fetched again. When the viewer changes, the cache
 * is cleared before anything of the next one is stored.
 */
export function orderstreamLink(session: Session): ApolloLink {
  const clients = new WeakSet<ApolloClient>();

  function follow(client: ApolloClient): void {
    if (clients.has(client)) return;
    clients.add(client);
    readMissingFields(
      session.entities,
      () => activeResults(client),
      (query, variables) => client.query({ query: withEntityFields(query), variables, fetchPolicy: 'network-only' }),
    );
    const refetch = () => void client.refetchObservableQueries().catch(() => undefined);
    session.onResync(refetch);
    session.onViewerEnd(next => {
      void client
        .clearStore()
        .then(() => next && refetch())
        .catch(() => undefined);
    });
  }
  return new ApolloLink(operation => {
    const { query: document, variables, extensions, operationName, operationType, client } = operation;
    follow(client);
    const { viewer } = operation.getContext() as { readonly viewer?: string };
    const request: SessionRequest = { document, variables, extensions, operationName, viewer };
    return new Observable<ApolloLink.Result>(observer => {
      const sink = {
        next: (answer: Answer) => {
          observer.next(answer as ApolloLink.Result);
        },
        error: (error: unknown) => {
          observer.error(error);
        },
        complete: () => {
          observer.complete();
        },
      };
      if (operationType === OperationTypeNode.SUBSCRIPTION) return session.subscribe(request, sink);
      const left = new AbortController();
      session.ask(request, left.signal).then(answer => {
        sink.next(answer);
        sink.complete();
      }, sink.error);
      return () => {
        left.abort();
      };
    });
  });
}

function* activeResults(client: ApolloClient): Iterable<ActiveResult> {
  for (const active of client.getObservableQueries()) {
    const data = active.getCurrentResult().data as Data | undefined;
    if (data) yield { document: withEntityFields(active.query), variables: active.variables, data };
  }
}

/** Options for `new ApolloClient()`: the link, a cache, and the transform that selects ids, versions and positions. */
export function orderstreamApollo(session: Session) {
  return {
    link: orderstreamLink(session),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
    documentTransform: new DocumentTransform(document => withEntityFields(document)),
  };
}

/**
 * The operations of an Apollo Client, for live lists, commands and hooks. What they receive is written to its cache,
 * and its queries show optimistic values.
 */
export function apolloOperations(client: ApolloClient, session: Session): Operations {
  showOverlays(client, session);
  return {
    session,
    async query(document, variables) {
      const query = withEntityFields(document);
      const { viewerSignal } = session;
      // Not as the cache has it: there the pages of a list are joined, and the caller asked for this page.
      const data = await dataOf(client.query({ query, variables, fetchPolicy: 'no-cache' }));
      if (!viewerSignal.aborted) client.writeQuery({ query, variables, data });
      return data;
    },
    mutate: (document, variables, viewer) =>
      dataOf(client.mutate({ mutation: withEntityFields(document), variables, context: { viewer } })),
    subscribe(document, variables, sink) {
      // As the client does for its own operations: with `__typename`, without which the cache can't merge objects.
      const query = client.cache.transformDocument(withEntityFields(document));
      return session.subscribe(
        { document: query, variables },
        {
          ...sink,
          next({ data, ...rest }) {
            if (data) client.writeQuery({ id: 'ROOT_SUBSCRIPTION', query, variables, data: data as Data });
            sink.next({ data, ...rest });
          },
        },
      );
    },
  };
}

async function dataOf(result: Promise<{ readonly data?: unknown }>): Promise<Data> {
  try {
    return (await result).data as Data;
  } catch (error) {
    const { errors } = error as { readonly errors?: Answer['errors'] };
    const [first] = errors ?? [];
    if (error instanceof OperationError || !first) throw error;
    throw new OperationError(codeOf(first) ?? 'INTERNAL', first.message);
  }
}

/** Mirrors the overlays into optimistic layers of the cache. */
function showOverlays({ cache }: ApolloClient, { overlays, entities }: Session): void {
  const layers = new Map<ShownOverlay, string>();
  let count = 0;

  overlays.subscribe(({ added, removed }) => {
    for (const shown of added) {
      const layer = `orderstream ${++count}`;
      layers.set(shown, layer);
      cache.recordOptimisticTransaction(target => {
        target.modify({ id: shown.key, fields: constants(shown.fields) });
      }, layer);
    }
    for (const shown of removed) {
      const layer = layers.get(shown);
      layers.delete(shown);
      // First the known state: its answer reaches the cache only after this, and until then the old state would show.
      const names = [...Object.keys(shown.fields), 'version', 'position'];
      cache.modify({ id: shown.key, fields: constants(entities.scalars(shown.key, names)) });
      if (layer !== undefined) cache.removeOptimistic(layer);
    }
  });
}

function constants(fields: Data): Record<string, () => unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, () => value]));
}
