import { settledWithin } from '../async/timeout.ts';
import type { Database } from '../database/database.ts';
import { classifyDatabaseError, isReadOnly, sqlState } from '../database/database-error.ts';
import { type AppendOutcome, appendEvents, type AppendRequest } from './append-events.ts';
import { backoff } from './backoff.ts';

/**
 * Maximum number of requests in one call: enough to share one fsync, but few enough that none waits long for the
 * others.
 */
const maxRequestsPerCall = 200;
/**
 * Maximum number of events in one call, unless its only request has more. They can be stored in a small part of
 * callTimeoutMs.
 */
const maxEventsPerCall = 2_000;
/** While one call waits for the disk, a second one can be filled and sent. More calls would only queue for the lock. */
const maxCallsInFlight = 2;
/**
 * A call takes at least this many requests, if there are that many. Storing them takes as long as the cost of a
 * second call.
 */
const minShare = 24;
/**
 * While a call is held back, this part of a call's share is enough to send it: the last answered callers may be late.
 */
const sufficientPart = 0.75;
/** After each call, the measured concurrency decreases by this factor, unless the current one is higher. */
const concurrencyDecay = 0.9;
/**
 * Maximum time for which small calls are held back. A call that takes longer waits for another node, for a disk or on
 * a dead connection.
 */
const maxHoldMs = 30;
/**
 * Pause after a call, for each of its requests, and its maximum. Callers that got their responses send the next
 * commands, and a call costs as much as twenty requests do. A call with enough requests is sent at once.
 */
const pauseMsPerRequest = 0.05;
const maxPauseMs = 2;
/**
 * A call without a response after this time is considered lost. Its requests are sent again, which is safe because of
 * their command ids.
 */
const callTimeoutMs = 3_000;

/**
 * The deadline has passed, and it is unknown whether the command was stored. Sending the same command again resolves
 * that.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** The command was not stored: the database was unreachable, or could not store it in time. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** The command was not stored: the database is read-only. A repeat on the same node fails again. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError';
}

/** A read-only server may be about to become the primary. A command waits this long for it. */
export const readOnlyPatienceMs = 2_000;

/**
 * Appends the events of one command.
 * @param deadline a time of performance.now(), which is independent of the system clock; after it nothing is sent
 * again
 * @throws OutcomeUnknownError, UnavailableError, ReadOnlyError, or the error of the database if the request itself is
 * at fault
 */
export type Append = (request: AppendRequest, deadline: number) => Promise<AppendOutcome>;

interface Pending {
  readonly request: AppendRequest;
  readonly deadline: number;
  /** Whether a call with this request may have been executed. */
  mayBeStored: boolean;
  /** Whether it has to be sent in a call of its own, because the database rejected a call that contained it. */
  alone: boolean;
  attempts: number;
  /** A time of performance.now() until which a read-only server is retried. Set at its first rejection. */
  writableBy?: number | undefined;
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

/**
 * Group commit: commands that arrive while calls are in flight are batched in the next call. So a busy node needs one
 * lock, one round trip and one fsync for many commands, and on an idle node a command is sent at once.
 * @param onAppended called after each call that stored something, with the number of its requests; only a hint
 */
export function openAppender(database: Database, onAppended: (commands: number) => void): Append {
  const queue: Pending[] = [];
  let callsInFlight = 0;
  /** The number of requests in the calls in flight. */
  let requestsInFlight = 0;
  /** The recent maximum of requests that were waiting or in flight at the same time. */
  let concurrency = 0;
  /** The number of calls for which small calls are held back. */
  let holds = 0;
  let pumping = false;

  /**
   * Runs pump() after this turn of the event loop has queued all its requests. Otherwise the first two would get
   * calls of their own.
   */
  function pumpSoon(): void {
    if (pumping) return;
    pumping = true;
    setImmediate(() => {
      pumping = false;
      pump();
    });
  }

  function pump(): void {
    concurrency = Math.max(concurrency, queue.length + requestsInFlight);
    while (
      callsInFlight < maxCallsInFlight &&
      queue.length > 0 &&
      (holds === 0 || queue.length >= sufficientPart * share())
    ) {
      const taken = takeCall(queue, share());
      const now = performance.now();
      for (const pending of taken) if (pending.deadline < now) giveUp(pending);
      const call = taken.filter(({ deadline }) => deadline >= now);
      if (call.length > 0) startCall(call);
    }
  }

  function startCall(call: readonly Pending[]): void {
    callsInFlight++;
    requestsInFlight += call.length;
    concurrency = Math.max(concurrencyDecay * concurrency, queue.length + requestsInFlight);
    const release = holdSmallCalls();
    // Before the requests are resolved: callers that send the next command at once would otherwise be counted twice.
    void send(call, () => {
      callsInFlight--;
      requestsInFlight -= call.length;
      const ms = Math.min(call.length * pauseMsPerRequest, maxPauseMs);
      if (ms >= 1) setTimeout(release, ms);
      else release();
      pumpSoon();
    });
  }

  /**
   * The number of requests that one call takes. If a call took all of them, no command would be decided while it is
   * stored, and nothing would be stored while the commands are decided.
   */
  function share(): number {
    return Math.min(maxRequestsPerCall, Math.max(minShare, Math.ceil(concurrency / maxCallsInFlight)));
  }

  /** Holds small calls back. @returns ends that */
  function holdSmallCalls(): () => void {
    holds++;
    const timer = setTimeout(release, maxHoldMs);
    let released = false;
    function release(): void {
      clearTimeout(timer);
      if (!released) holds--;
      released = true;
      pumpSoon();
    }
    return release;
  }

  async function send(call: readonly Pending[], onSettled: () => void): Promise<void> {
    const requests = call.map(({ request }) => request);
    try {
      const outcomes = await settledInTime(appendEvents(database, requests)).finally(onSettled);
      const left: Pending[] = [];
      call.forEach((pending, index) => {
        const outcome = outcomes[index];
        if (outcome) pending.resolve(outcome);
        // The key of another request was lost, so this call stored nothing.
        else left.push(pending);
      });
      queue.unshift(...left);
      if (outcomes.some(outcome => outcome?.outcome === 'appended')) onAppended(call.length);
    } catch (error) {
      if (!isRequestsFault(error)) for (const pending of call) sendAgain(pending, error);
      else if (call.length === 1) call[0]?.reject(error);
      // One invalid request makes the whole call fail, which then stores nothing. Sent alone, only that request
      // fails.
      else queue.unshift(...call.map(pending => ({ ...pending, alone: true })));
    }
  }

  function sendAgain(pending: Pending, error: unknown): void {
    pending.mayBeStored ||= classifyDatabaseError(error) === 'unknown';
    const waitMs = backoff(++pending.attempts);
    const next = performance.now() + waitMs;
    pending.writableBy = isReadOnly(error) ? (pending.writableBy ?? next + readOnlyPatienceMs) : undefined;
    if (next > Math.min(pending.deadline, pending.writableBy ?? Infinity)) {
      giveUp(pending, error);
      return;
    }
    setTimeout(() => {
      queue.push(pending);
      pumpSoon();
    }, waitMs);
  }

  function giveUp(pending: Pending, cause?: unknown): void {
    if (!pending.mayBeStored && isReadOnly(cause)) {
      pending.reject(new ReadOnlyError('The database is read-only', { cause }));
      return;
    }
    pending.reject(
      pending.mayBeStored
        ? new OutcomeUnknownError('It is unknown whether the database stored the command', { cause })
        : new UnavailableError('The database could not store the command', { cause }),
    );
  }

  return (request, deadline) =>
    new Promise((resolve, reject) => {
      queue.push({ request, deadline, mayBeStored: false, alone: false, attempts: 0, resolve, reject });
      // With many concurrent callers the call is sent at once: one turn of the event loop decides many commands, and
      // the database would be idle until its end. With few, it is not known yet how many commands this turn adds, and
      // the calls would be too small.
      const isBusy = concurrency >= maxCallsInFlight * minShare;
      if (isBusy && callsInFlight < maxCallsInFlight && queue.length >= share()) pump();
      else pumpSoon();
    });
}

/**
 * Takes the requests of the next call off the queue: at most one for each stream and for each command id. A second
 * request for the same stream depends on a version that the first one is about to change, and a repeated command
 * needs the result of the first. A request that depends on a stream is not in one call with a request that writes it,
 * because the database would have to execute the requests one after the other. Streams are compared by their ids; if
 * two types had the same id, their requests would only be in different calls.
 */
function takeCall(queue: Pending[], maxRequests: number): Pending[] {
  const taken: Pending[] = [];
  const left: Pending[] = [];
  const seen = new Set<string>();
  const read = new Set<string>();
  let events = 0;

  function fits({ request, alone }: Pending): boolean {
    if (taken.length === 0) return true;
    if (alone || taken[0]?.alone || taken.length >= maxRequests) return false;
    if (events + request.events.length > maxEventsPerCall || seen.has(request.commandId)) return false;
    const { streamId } = request;
    return !seen.has(streamId) && !read.has(streamId) && !request.reads.some(one => seen.has(one.streamId));
  }

  for (const pending of queue) {
    const { request } = pending;
    if (fits(pending)) {
      taken.push(pending);
      seen.add(request.streamId).add(request.commandId);
      for (const one of request.reads) read.add(one.streamId);
      events += request.events.length;
    } else left.push(pending);
  }
  // Not passed as arguments of splice(): a long queue has more items than the stack can take.
  queue.length = 0;
  for (const pending of left) queue.push(pending);
  return taken;
}

/**
 * Whether the request itself causes the error, so that a retry would fail again: malformed data, a violated
 * constraint, a bug in the statement.
 */
function isRequestsFault(error: unknown): boolean {
  // 25006 is excluded: a read-only server was just replaced, or is about to become the primary.
  return classifyDatabaseError(error) === 'definite' && /^(?:22|23|25(?!006)|42|54|P0)/.test(sqlState(error) ?? '');
}

function settledInTime<T>(call: Promise<T>): Promise<T> {
  return settledWithin(call, callTimeoutMs, () => new Error(`no response within ${callTimeoutMs} ms`));
}
