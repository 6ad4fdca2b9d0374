import {
  type Exchange,
  makeErrorResult,
  makeOperation,
  makeResult,
  type Operation,
  type OperationResult,
} from '@urql/core';
import { filter, make, makeSubject, map, merge, mergeMap, pipe, share, type Source, takeUntil } from 'wonka';
import { withEntityFields } from './entity-fields.ts';
import type { Answer } from './operation-session.ts';
import { readMissingFields } from './missing-fields.ts';
import type { Data } from './data.ts';
import { operationErrorOf } from './operation-error.ts';
import { overlaid } from './overlaid.ts';
import type { Session } from './session.ts';
import { type ActiveResult, visitEntities } from './visit-entities.ts';

export { urqlOperations } from './urql-operations.ts';

/**
 * The exchanges of `new Client()`: around the cache, what keeps each result on the screen at the newest known versions;
 * behind it, queries and commands over HTTP and subscriptions over the session's transport. Operations read this tab's
 * own writes, no entity's version ever falls, subscriptions resume after the last frame, and transient failures are
 * retried. After RESYNC, and when another viewer signs in, all active queries are fetched again.
 * @param between exchanges between them: `cacheExchange` of @urql/core or Graphcache with `keys` of this
 * package, then others such as `persistedExchange`
 */
export function orderstreamExchanges(session: Session, ...between: Exchange[]): Exchange[] {
  const fetched = followFetched(session);
  return [screenExchange(session, fetched), ...between, networkExchange(session, fetched)];
}

/** The queries whose results in the cache are of the present viewer. */
interface Fetched {
  has(key: number): boolean;
  note(key: number): void;
}

function followFetched(session: Session): Fetched {
  /** Undefined: there was no viewer before, so all results are of the present one. */
  let keys: Set<number> | undefined;
  session.onViewerEnd(() => {
    keys = new Set();
  });
  return { has: key => keys?.has(key) ?? true, note: key => keys?.add(key) };
}

/** The last result of an active query. */
interface Shown {
  readonly result: OperationResult;
  /** Its data in the newest known versions. */
  readonly newest: Data;
  /** What the page got, without overlays. */
  readonly plain: Data;
  /** What the page got. */
  readonly shown: Data;
}

/** Brings results up to date that a cache holds in an older version, shows overlays, and repeats what has changed. */
function screenExchange(session: Session, fetched: Fetched): Exchange {
  const { entities, overlays } = session;
  return ({ client, forward }) => {
    const active = new Map<number, Operation>();
    const results = new Map<number, Shown>();
    const repeated = makeSubject<OperationResult>();
    /** Queries that are active since an earlier viewer. */
    let left = new Set<number>();

    /** @param before what the page shows now */
    function current(result: OperationResult, data: Data, before: Shown | undefined): Shown {
      const { query: document } = result.operation;
      const variables = variablesOf(result.operation);
      const newest = entities.renew(document, variables, data);
      // Until the missing fields are read, the page keeps what it shows: the cache may hold an older version than that.
      const isKept = before !== undefined && isOutdated({ document, variables, data: newest });
      const plain = isKept ? before.plain : newest;
      return { result, newest, plain, shown: overlaid(document, variables, plain, overlays) };
    }
    function isOutdated(active: ActiveResult): boolean {
      let is = false;
      visitEntities(active, (key, object, { keys }) => {
        const version = object[keys['version'] ?? ''];
        is ||= typeof version === 'number' && version < (entities.known(key)?.version ?? 0);
      });
      return is;
    }
    function delivered(result: OperationResult): OperationResult {
      const { operation } = result;
      const data = result.data as Data | undefined;
      if (!data || operation.kind === 'mutation') return result;
      const now = current(result, data, results.get(operation.key));
      if (active.has(operation.key)) results.set(operation.key, now);
      return now.shown === data ? result : { ...result, data: now.shown };
    }
    /** Delivers again what has changed, although its cache holds it unchanged. */
    function repeat(): void {
      for (const [key, before] of results) {
        const now = current(before.result, before.newest, before);
        results.set(key, now);
        if (now.shown !== before.shown) repeated.next({ ...now.result, data: now.shown });
      }
    }

    function* activeResults(): Iterable<ActiveResult> {
      for (const { result, newest } of results.values()) {
        const { query: document } = result.operation;
        const variables = variablesOf(result.operation);
        yield { document, variables, data: entities.renew(document, variables, newest) };
      }
    }
    function refetch(keys: Iterable<number>): void {
      for (const key of [...keys]) {
        const operation = active.get(key);
        if (operation) client.reexecuteOperation(fromNetwork(operation));
      }
    }
    overlays.hold((key, position) => {
      let isOlder = false;
      for (const result of activeResults()) {
        visitEntities(result, (shownKey, object, { keys }) => {
          const shownPosition = object[keys['position'] ?? ''];
          if (shownKey === key && typeof shownPosition === 'string' && shownPosition < position) isOlder = true;
        });
      }
      return isOlder;
    });
    entities.subscribe(() => {
      // Something arrived: the next viewer is here.
      refetch(left);
      repeat();
    });
    readMissingFields(entities, activeResults, (document, variables) => session.ask({ document, variables }));
    overlays.subscribe(repeat);
    session.onResync(() => {
      refetch(active.keys());
    });
    session.onViewerEnd(next => {
      results.clear();
      left = new Set(active.keys());
      if (next) refetch(left);
    });

    return operations => {
      const forwarded = pipe(
        operations,
        map(operation => {
          const { key, kind } = operation;
          left.delete(key);
          if (kind === 'teardown') {
            active.delete(key);
            results.delete(key);
            return operation;
          }
          const query = withEntityFields(operation.query);
          const sent = makeOperation(kind, { ...operation, query: query }, operation.context);
          if (kind !== 'query') return sent;
          active.set(key, operation);
          return fetched.has(key) ? sent : fromNetwork(sent);
        }),
        forward,
        // What is not fetched yet is of an earlier viewer. A failure has no data, and comes from the network.
        filter(({ operation: { kind, key }, data }) => kind !== 'query' || data == null || fetched.has(key)),
        map(delivered),
      );
      return merge([forwarded, repeated.source]);
    };
  };
}

function fromNetwork(operation: Operation): Operation {
  return makeOperation('query', operation, { ...operation.context, requestPolicy: 'network-only' });
}

function variablesOf({ variables }: Operation): Data {
  return variables as Data;
}

/** Sends what the cache cannot answer. */
function networkExchange(session: Session, fetched: Fetched): Exchange {
  return ({ client }) =>
    operations => {
      /** urql ends the sources of an operation when it is torn down. */
      const tearDown = (operation: Operation) => {
        client.reexecuteOperation(makeOperation('teardown', operation, operation.context));
      };
      const shared = share(operations);
      return pipe(
        shared,
        filter(({ kind }) => kind !== 'teardown'),
        mergeMap(operation => {
          const torn = pipe(
            shared,
            filter(({ kind, key }) => kind === 'teardown' && key === operation.key),
          );
          return pipe(resultsOf(session, operation, tearDown, fetched), takeUntil(torn));
        }),
      );
    };
}

function resultsOf(
  session: Session,
  operation: Operation,
  tearDown: (operation: Operation) => void,
  fetched: Fetched,
): Source<OperationResult> {
  const { query: document, variables, extensions, kind } = operation;
  const { viewer } = operation.context as { readonly viewer?: string };
  const request = { document, variables: variables as Data, extensions: extensions as Data | undefined, viewer };
  return make<OperationResult>(observer => {
    const hasNext = kind === 'subscription';
    const deliver = (answer: Answer) => {
      observer.next(makeResult(operation, { ...(answer as object), hasNext }));
    };
    const fail = (error: unknown) => {
      observer.next(makeErrorResult(operation, operationErrorOf(error)));
      end();
    };
    const end = () => {
      observer.complete();
      if (hasNext) tearDown(operation);
    };
    if (hasNext) return session.subscribe(request, { next: deliver, error: fail, complete: end });
    const left = new AbortController();
    session.ask(request, left.signal).then(
      answer => {
        if (left.signal.aborted) return;
        if (answer.data != null) fetched.note(operation.key);
        deliver(answer);
        observer.complete();
      },
      (error: unknown) => {
        if (!left.signal.aborted) fail(error);
      },
    );
    return () => {
      left.abort();
    };
  });
}
