/*
 * Decides when the appender sends a call, and how many requests it takes (decision 22). The state of each call:
 *
 *                 ┌─ response ─▶ pausing ─── 1 to 2 ms, or no pause after few requests ──┐
 *   in flight, holding                                                                   ├─▶ gone
 *                 └─ after 30 ms ─▶ in flight, not holding ──── response ────────────────┘
 *
 * While a call is holding or pausing, the next one is sent only if enough requests wait for it.
 */

/** While one call waits for the disk, a second one can be filled and sent. More calls would only queue for the lock. */
const maxCallsInFlight = 2;
/** Enough requests to share one fsync, but few enough that none waits long for the others. */
const maxRequestsPerCall = 200;
/**
 * A call takes at least this many requests, if there are that many. Storing them takes as long as the cost of a
 * second call.
 */
const minRequestsPerCall = 24;
/** This part of a call's requests is enough to send it while it is held back: the last answered callers may be late. */
const sufficientPart = 0.75;
/** At each call, the measured concurrency decreases by this factor, unless the current one is higher. */
const concurrencyDecayPerCall = 0.9;
/**
 * Maximum time for which a call in flight holds small calls back. A call that takes longer waits for another node, for
 * a disk or on a dead connection.
 */
export const maxHoldMs = 30;
/**
 * The pause after a call, for each of its requests, and its limits. Callers that got their responses send the next
 * commands, and a call costs as much as twenty requests do. A timer can't be shorter than the minimum.
 */
const pauseMsPerRequest = 0.05;
const minPauseMs = 1;
const maxPauseMs = 2;

/** Has no clock and no timer: the appender reports what happens. */
export class AppendPacing {
  #callsInFlight = 0;
  /** The number of requests in the calls in flight. */
  #requestsInFlight = 0;
  /** The recent maximum of requests that were waiting or in flight at the same time. */
  #concurrency = 0;
  /** The number of calls that are holding or pausing. */
  #holds = 0;

  /**
   * The number of requests that a call may take now; 0 if no call may be sent.
   * @param waiting the number of requests in the queue
   */
  callSize(waiting: number): number {
    this.#concurrency = Math.max(this.#concurrency, waiting + this.#requestsInFlight);
    const isHeldBack = this.#holds > 0 && waiting < sufficientPart * this.#share();
    return this.#hasFreeCall() && waiting > 0 && !isHeldBack ? this.#share() : 0;
  }

  /**
   * Whether a call is sent at once, and not at the end of this turn of the event loop. With many concurrent callers one
   * turn decides many commands, and the database would be idle until its end. With few, it is not known yet how many
   * commands this turn adds, and the calls would be too small.
   */
  sendsAtOnce(waiting: number): boolean {
    const isBusy = this.#concurrency >= maxCallsInFlight * minRequestsPerCall;
    return isBusy && this.#hasFreeCall() && waiting >= this.#share();
  }

  /** A call was sent. @param waiting the number of requests that remain in the queue */
  callStarted(requests: number, waiting: number): void {
    this.#callsInFlight++;
    this.#requestsInFlight += requests;
    this.#holds++;
    const concurrency = waiting + this.#requestsInFlight;
    this.#concurrency = Math.max(concurrencyDecayPerCall * this.#concurrency, concurrency);
  }

  /** A call has its response, or failed. @returns the time for which it pauses, ms; 0 if it does not */
  callEnded(requests: number): number {
    this.#callsInFlight--;
    this.#requestsInFlight -= requests;
    const pauseMs = Math.min(requests * pauseMsPerRequest, maxPauseMs);
    return pauseMs < minPauseMs ? 0 : pauseMs;
  }

  /** The hold or the pause of a call is over. Called once for each call. */
  released(): void {
    this.#holds--;
  }

  #hasFreeCall(): boolean {
    return this.#callsInFlight < maxCallsInFlight;
  }

  /**
   * The number of requests that one call takes. If a call took all of them, no command would be decided while it is
   * stored, and nothing would be stored while the commands are decided.
   */
  #share(): number {
    return Math.min(maxRequestsPerCall, Math.max(minRequestsPerCall, Math.ceil(this.#concurrency / maxCallsInFlight)));
  }
}
