/** After this time without a message the client sends a ping, ms. */
const quietMs = 2_000;
/** Maximum wait for any message after a ping, ms. Both together: a silently lost connection is noticed within 4 s. */
const answerMs = 2_000;
/** The same after the page or the network woke up, ms. */
const wakeAnswerMs = 1_000;
/** Maximum time from the start of a connection to its first message, ms. */
const connectMs = 5_000;

/** Notices that a connection is silently lost: TCP itself reports it after minutes, or never. */
export interface Liveness {
  /** A connection begins. */
  connecting(): void;
  /** The server sent something. */
  heard(): void;
  /** Sends a ping now. */
  check(): void;
  stop(): void;
}

/**
 * @param ping sends a ping on the current connection
 * @param lost called if the server does not answer in time
 */
export function watchLiveness(ping: () => void, lost: () => void): Liveness {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function expectMessage(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(lost, ms);
  }
  function probe(ms: number): void {
    expectMessage(ms);
    ping();
  }
  return {
    connecting: () => {
      expectMessage(connectMs);
    },
    heard() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        probe(answerMs);
      }, quietMs);
    },
    check() {
      if (timer !== undefined) probe(wakeAnswerMs);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
