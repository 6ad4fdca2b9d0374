import type { LiveStatus } from './open-live.ts';
import type { Session } from './session.ts';
import type { Store } from './store.ts';

/** A list, board, order or number of orders that is kept live. */
export interface Live<State> extends Store<State> {
  /** Ends it. */
  end(): void;
}

/** Something live that exists while it is watched. */
export interface WatchedLive<State, One> extends Store<State> {
  /** Undefined while it is not watched. */
  readonly live: One | undefined;
}

/**
 * Creates something live for its first listener, and ends it with its last one. If the viewer signs out, it is created
 * again for the next viewer, and is shown as signed out until there is one.
 * @param first the state while it is not watched
 */
export function watchedLive<State extends { readonly status: LiveStatus }, One extends Live<State>>(
  session: Pick<Session, 'viewer' | 'viewerSignal'>,
  create: () => One,
  first: State,
): WatchedLive<State, One> {
  const listeners = new Set<() => void>();
  let live: One | undefined;
  let unsubscribe: () => void = () => undefined;
  let signedOut: State | undefined;

  function begin(): void {
    const one = create();
    live = one;
    unsubscribe = one.subscribe(() => {
      if (one.current.status === 'signedOut') {
        signedOut = one.current;
        unsubscribe();
        // Aborted: the session was closed, and no viewer follows.
        if (!session.viewerSignal.aborted) begin();
      }
      for (const listener of [...listeners]) listener();
    });
  }

  return {
    get live() {
      return live;
    },
    get current() {
      const state = live?.current ?? first;
      const isNobody = session.viewer === undefined && state.status !== 'live';
      return signedOut && isNobody ? signedOut : state;
    },
    subscribe(listener) {
      listeners.add(listener);
      if (!live) begin();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unsubscribe();
        live?.end();
        [live, signedOut] = [undefined, undefined];
      };
    },
  };
}
