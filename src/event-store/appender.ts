import { settledWithin } from '../async/timeout.ts';
import type { Database } from '../database/database.ts';
import { classifyDatabaseError, isReadOnly, sqlState } from '../database/database-error.ts';
import { type AppendOutcome, appendEvents, type AppendRequest } from './append-events.ts';
import { AppendPacing, maxHoldMs } from './append-pacing.ts';
import { backoff } from './backoff.ts';
import { type QueuedRequest, takeCall } from './take-call.ts';

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

interface Pending extends QueuedRequest {
  readonly deadline: number;
  /** Whether a call with this request may have been executed. */
  mayBeStored: boolean;
  attempts: number;
  /** A time of performance.now() until which a read-only server is retried. Set at its first rejection. */
  writableBy?: number | undefined;
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

/**
 * Group commit: commands that arrive while calls are in flight are batched in the next call. So a busy node needs one
 * lock, one round trip and one fsync for many commands, and on an idle node a command is sent at once. AppendPacing
 * decides when a call is sent.
 * @param onAppended called after each call that stored something, with the number of its requests; only a hint
 */
export function openAppender(database: Database, onAppended: (commands: number) => void): Append {
  const queue: Pending[] = [];
  const pacing = new AppendPacing();
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
    for (let size = pacing.callSize(queue.length); size > 0; size = pacing.callSize(queue.length)) {
      const taken = takeCall(queue, size);
      const now = performance.now();
      for (const pending of taken) if (pending.deadline < now) giveUp(pending);
      const call = taken.filter(({ deadline }) => deadline >= now);
      if (call.length > 0) startCall(call);
    }
  }

  function startCall(call: readonly Pending[]): void {
    pacing.callStarted(call.length, queue.length);
    const release = holdSmallCalls();
    // Before the requests are resolved: callers that send the next command at once would otherwise be counted twice.
    void send(call, () => {
      const pauseMs = pacing.callEnded(call.length);
      if (pauseMs > 0) setTimeout(release, pauseMs);
      else release();
      pumpSoon();
    });
  }

  /** Holds small calls back. @returns ends that */
  function holdSmallCalls(): () => void {
    const timer = setTimeout(release, maxHoldMs);
    let isReleased = false;
    function release(): void {
      clearTimeout(timer);
      if (!isReleased) pacing.released();
      isReleased = true;
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
      if (pacing.sendsAtOnce(queue.length)) pump();
      else pumpSoon();
    });
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
