import type { DocumentNode } from 'graphql';
import { type LiveStatus, onAbort, startLiveRun } from './live-run.ts';
import { type Data, OperationError, type Operations, type Variables } from './operations.ts';
import { hasSameFields } from './same-fields.ts';
import { createStore, type Store } from './store.ts';

/** What the states of orders and counts have in common. */
export interface ValueState {
  readonly status: LiveStatus;
  readonly error: OperationError | undefined;
}

export interface OpenValue<State> extends Store<State> {
  retry(): void;
  end(): void;
}

export interface ValueOptions<Shape> {
  /** A subscription to `value`, whose first frame is the state at the start. */
  readonly document: DocumentNode;
  readonly variables: Variables;
  /** The entity that it follows, if it is one. */
  readonly key?: string | undefined;
  /**
   * Makes the rest of the state. It is called again after each change of entities and overlays.
   * @param frame the last one; undefined: there is none yet
   */
  readonly shape: (frame: Data | undefined) => Shape;
}

/** Follows one object with a subscription. Its frames bring the whole state, so no query is needed. */
export function openValue<Shape extends object>(
  operations: Operations,
  { document, variables, key, shape }: ValueOptions<Shape>,
): OpenValue<Shape & ValueState> {
  const { session } = operations;
  let frame: Data | undefined;
  let status: LiveStatus = 'loading';
  let error: OperationError | undefined;
  let isScheduled = false;
  let isOver = false;
  const store = createStore<Shape & ValueState>({ ...shape(frame), status, error });

  const stopRenewing = session.entities.subscribe(change);
  const stopOverlaying = session.overlays.subscribe(change);
  const run = startLiveRun(session, {
    begin(signal) {
      // It resumes: without `after`, a server that is behind would send an older state.
      const after = frame?.['position'];
      if (frame) enter('live');
      const leave = operations.subscribe(
        document,
        { ...variables, ...(after !== undefined && { after }) },
        {
          next({ data, errors }) {
            if (signal.aborted) return;
            const value = (data as { readonly value?: Data } | null | undefined)?.value;
            if (value) {
              run.worked();
              enter('live', undefined, value);
            } else run.fail(new OperationError('INTERNAL', errors?.[0]?.message ?? 'A frame came without its value.'));
          },
          error(cause) {
            if (!signal.aborted) run.fail(cause);
          },
          complete() {
            if (!signal.aborted) run.fail(new OperationError('NETWORK', 'The server ended the subscription.'));
          },
        },
      );
      onAbort(signal, leave);
      return Promise.resolve();
    },
    onError: cause => enter('error', cause),
    onSignedOut() {
      stop();
      store.set({ ...shape(undefined), status: 'signedOut', error: undefined });
    },
    key,
  });

  function enter(next: LiveStatus, cause?: OperationError, value = frame): void {
    [status, error, frame] = [next, cause, value];
    change();
  }

  /** All changes of a tick are shown together. */
  function change(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (isOver) return;
      const next = { ...shape(frame), status, error };
      if (!hasSameFields(next, store.current)) store.set(next);
    });
  }

  function stop(): void {
    isOver = true;
    stopRenewing();
    stopOverlaying();
  }

  return {
    get current() {
      return store.current;
    },
    subscribe: listener => store.subscribe(listener),
    retry() {
      if (status !== 'error') return;
      enter('loading');
      run.restart();
    },
    end() {
      run.end();
      stop();
    },
  };
}
