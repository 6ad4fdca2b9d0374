import { createStore, type Store } from './store.ts';

/**
 * - `idle`: no subscription is open
 * - `connecting`: the first connection is being opened
 * - `live`: connected; frames arrive
 * - `reconnecting`: the connection was lost, and a new one is being opened
 * - `offline`: the browser has no network
 * - `paused`: `session.pause()` closed the connection
 */
export type ConnectionStatus = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline' | 'paused';

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** The time at which the status became this one, ms since 1970. */
  readonly sinceMs: number;
  /** Number of events of the log that answers have shown and frames have not yet; 0 if all is shown. */
  readonly behindEvents: number;
}

export interface Connection extends Store<ConnectionState> {
  readonly report: (status: ConnectionStatus) => void;
  /** @param online whether the browser has a network */
  readonly network: (online: boolean) => void;
  readonly pause: (isPaused: boolean) => void;
  /** Positions that this tab has seen, in any answer and in frames. */
  progress(seen: string | undefined, frame: string | undefined): void;
  forget(): void;
}

/** Number of hex digits at the start of a position: the number of its event. */
const pointDigits = 13;
const pointOf = (position: string) => Number.parseInt(position.slice(0, pointDigits), 16);

export function createConnection(): Connection {
  const store = createStore<ConnectionState>({ status: 'idle', sinceMs: Date.now(), behindEvents: 0 });
  let reported: ConnectionStatus = 'idle';
  let online = true;
  let isPaused = false;

  function show(behindEvents: number): void {
    const status = reported === 'idle' ? reported : isPaused ? 'paused' : online ? reported : 'offline';
    const { current } = store;
    if (status !== current.status) store.set({ status, sinceMs: Date.now(), behindEvents });
    else if (behindEvents !== current.behindEvents) store.set({ ...current, behindEvents });
  }
  return {
    get current() {
      return store.current;
    },
    subscribe: store.subscribe,
    report(status) {
      reported = status;
      show(status === 'idle' ? 0 : store.current.behindEvents);
    },
    pause(now) {
      isPaused = now;
      show(store.current.behindEvents);
    },
    network(now) {
      online = now;
      show(store.current.behindEvents);
    },
    progress(seen, frame) {
      show(seen === undefined || frame === undefined ? 0 : Math.max(0, pointOf(seen) - pointOf(frame)));
    },
    forget() {
      reported = 'idle';
      show(0);
    },
  };
}
