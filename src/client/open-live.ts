import type { DocumentNode } from 'graphql';
import { isPassing, onAbort, waitMs } from './live-failures.ts';
import type { Variables } from './data.ts';
import { OperationError, operationErrorOf } from './operation-error.ts';
import type { Operations } from './operations.ts';
import { hasSameFields } from './same-fields.ts';
import { createStore, type Store } from './store.ts';

/**
 * - `loading`: what is shown is not there yet, or is loaded again because the log is another one
 * - `error`: something could not be loaded. If the failure can pass, it is tried again without `retry()`.
 * - `signedOut`: the viewer signed out. This is final.
 */
export type LiveStatus = 'loading' | 'live' | 'error' | 'signedOut';

/** What the states of all that is live have in common. */
export interface LiveState {
  readonly status: LiveStatus;
  readonly error: OperationError | undefined;
}

export interface LiveOptions<Shape> {
  /** An entity on which it depends: if it was not found, it is asked again after a change. */
  readonly key?: string | undefined;
  /**
   * Loads and subscribes, and enters the status `live`.
   * @param signal ends what it began
   * @param viewer `role sub`
   */
  readonly begin: (signal: AbortSignal, viewer: string) => void | Promise<void>;
  /** Entities have changed. @returns whether that can change what is shown */
  readonly renew: (keys: ReadonlySet<string>) => boolean;
  /** The present state. It may have another status and error than the ones that were entered. */
  readonly show: () => Shape & Partial<LiveState>;
  /** The state without anything to show. */
  readonly empty: (isLoading: boolean) => Shape;
}

/** Something that stays live: it begins again after failures, until it is ended or its viewer signs out. */
export interface OpenLive<State> extends Store<State> {
  readonly status: LiveStatus;
  /** What is shown may have changed. All changes of a tick are shown together. */
  readonly change: () => void;
  /**
   * The same, for frames: those that have arrived by the next task are shown together. After a long cut hundreds arrive at
   * once, and a page that renders each of them is late.
   */
  readonly changeByFrame: () => void;
  /** Shows the changes now. */
  readonly flush: () => void;
  readonly enter: (status: LiveStatus, error?: OperationError) => void;
  /** Follows a subscription to `value` until the signal is aborted. */
  readonly follow: <Value>(
    document: DocumentNode,
    variables: Variables,
    signal: AbortSignal,
    onValue: (value: Value) => void,
  ) => void;
  /** Begins again now. */
  readonly restart: () => void;
  /** After an error: tries again now. */
  readonly retry: () => void;
  /** Ends it: nothing is requested afterwards, and the state no longer changes. */
  readonly end: () => void;
}

/** It begins in a later microtask: a hook that is unmounted at once (React's StrictMode) sends nothing. */
export function openLive<Shape extends object>(
  operations: Operations,
  { key, begin, renew, show, empty }: LiveOptions<Shape>,
): OpenLive<Shape & LiveState> {
  const { session } = operations;
  let attempt = new AbortController();
  let viewerSignal: AbortSignal | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let status: LiveStatus = 'loading';
  let error: OperationError | undefined;
  let isScheduled = false;
  let frameTimer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  let isMissing = false;
  const store = createStore<Shape & LiveState>({ status, error, ...empty(true) });

  const stopRenewing = session.entities.subscribe(keys => {
    if (isMissing && key !== undefined && keys.has(key)) restart();
    if (renew(keys)) change();
  });
  const stopOverlaying = session.overlays.subscribe(change);

  function change(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(flush);
  }

  function changeByFrame(): void {
    frameTimer ??= setTimeout(change);
  }

  function flush(): void {
    isScheduled = false;
    clearTimeout(frameTimer);
    frameTimer = undefined;
    if (isOver) return;
    const next = { status, error, ...show() };
    if (!hasSameFields(next, store.current)) store.set(next);
  }

  function enter(next: LiveStatus, cause?: OperationError): void {
    [status, error] = [next, cause];
    change();
  }

  function end(): void {
    isOver = true;
    clearTimeout(timer);
    clearTimeout(frameTimer);
    stopRenewing();
    stopOverlaying();
    viewerSignal?.removeEventListener('abort', signOut);
    attempt.abort();
  }

  function signOut(): void {
    end();
    store.set({ status: 'signedOut', error: undefined, ...empty(false) });
  }

  async function run(signal: AbortSignal): Promise<void> {
    const viewer = await session.identify();
    if (signal.aborted) return;
    // Only now: the token may have been another viewer's than the one before.
    viewerSignal ??= session.viewerSignal;
    viewerSignal.addEventListener('abort', signOut);
    await begin(signal, viewer);
  }

  function restart(): void {
    if (isOver) return;
    clearTimeout(timer);
    isMissing = false;
    attempt.abort();
    attempt = new AbortController();
    const { signal } = attempt;
    Promise.resolve()
      .then(() => (signal.aborted ? undefined : run(signal)))
      .catch((cause: unknown) => {
        if (!signal.aborted) fail(cause);
      });
  }

  /** Stops. If the failure is one that passes, it begins again soon. */
  function fail(cause: unknown): void {
    const reason = operationErrorOf(cause);
    attempt.abort();
    // A subscription ends before the signal's listeners are called.
    if (reason.code === 'SIGNED_OUT' || viewerSignal?.aborted) {
      signOut();
      return;
    }
    isMissing = reason.code === 'NOT_FOUND';
    if (isPassing(reason)) timer = setTimeout(restart, waitMs(failures++));
    enter('error', reason);
  }

  restart();
  return {
    get current() {
      return store.current;
    },
    subscribe: listener => store.subscribe(listener),
    get status() {
      return status;
    },
    change,
    changeByFrame,
    flush,
    enter,
    follow<Value>(
      document: DocumentNode,
      variables: Variables,
      signal: AbortSignal,
      onValue: (value: Value) => void,
    ): void {
      const failed = (cause: unknown) => {
        if (!signal.aborted) fail(cause);
      };
      const leave = operations.subscribe(document, variables, {
        next({ data, errors }) {
          if (signal.aborted) return;
          failures = 0;
          const value = (data as { readonly value?: Value } | null | undefined)?.value;
          if (value) onValue(value);
          else failed(errors ?? new OperationError('INTERNAL', 'A frame came without its value.'));
        },
        error: failed,
        complete: () => failed(new OperationError('NETWORK', 'The server ended the subscription.')),
      });
      onAbort(signal, leave);
    },
    restart,
    retry() {
      if (status !== 'error') return;
      enter('loading');
      restart();
    },
    end,
  };
}
