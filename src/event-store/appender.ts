import type { Database } from '../database/database.ts';
import { classifyDatabaseError, isReadOnly, sqlState } from '../database/database-error.ts';
import { type AppendOutcome, appendEvents, type AppendRequest } from './append-events.ts';
import { backoff } from './backoff.ts';

/** Requests a call carries at most: enough to share its one fsync, few enough that none waits long behind the others. */
const callSize = 200;
/** Events a call carries at most, unless its one request has more: as many as are stored in a small part of callTimeout. */
const callEvents = 2_000;
/** A second call gathers and travels while the first one waits for the disk. More would only queue for the lock. */
const callsInFlight = 2;
/** A call takes this many where they are there: as many as take the database longer than what a second call costs. */
const worthSharing = 24;
/** A share of it makes a call's requests enough for a second call: the last of those who were answered may ask late. */
const enough = 0.75;
/** What is left of how many were there at once, call by call, after they have gone. */
const remembered = 0.9;
/** So long, ms: one that takes longer waits for another node's, for a disk, or on a dead connection. */
const patience = 30;
/**
 * Pause after a call that many had come for, ms for each of its requests and at most: those who are answered ask again, and
 * a call costs as much as twenty requests do. One that enough wait for goes at once.
 */
const breath = 0.05;
const longestBreath = 2;
/** A call that is not answered by then is taken for lost, ms. Its requests go again; their command ids make it safe. */
const callTimeout = 3_000;

/** The deadline passed and nobody knows whether the command was stored. The same command again settles it. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** The command was not stored: the database could not be reached, or could not take it in time. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** The command was not stored: the database takes no writes. Asked again at the same node it is refused again. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError';
}

/** A server that takes no writes may be about to take over: a command waits so long for it to begin. */
export const readOnlyPatienceMs = 2_000;

/**
 * Appends one command's events.
 * @param deadline by performance.now(), which no clock that is set moves; past it nothing is sent again
 * @throws OutcomeUnknownError, UnavailableError, ReadOnlyError, or the database's own error where the request itself is at fault
 */
export type Append = (request: AppendRequest, deadline: number) => Promise<AppendOutcome>;

interface Pending {
  readonly request: AppendRequest;
  readonly deadline: number;
  /** Whether some call that carried it may have been carried out. */
  mayBeStored: boolean;
  /** Whether it must travel alone, since the database refused a call that it was part of. */
  alone: boolean;
  attempts: number;
  /** By performance.now(): until then a server that takes no writes is waited for. Set when it first refuses. */
  writableBy?: number | undefined;
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

/**
 * Group commit: commands that arrive while a call is under way travel together in the next one, so a busy node pays
 * one lock, one round trip and one fsync for many commands, and an idle one waits for nobody.
 * @param onAppended told after each call that stored something, of how many commands; only a hint
 */
export function openAppender(database: Database, onAppended: (commands: number) => void): Append {
  const queue: Pending[] = [];
  let inFlight = 0;
  /** Requests that the calls in flight carry. */
  let travelling = 0;
  /** Requests that were there at once of late, waiting or on their way. */
  let crowd = 0;
  /** Calls that fewer requests than are worth one wait for. */
  let awaited = 0;
  let pumping = false;

  /** Once all that this turn of the event loop brings stands in the queue: else its first two would travel alone. */
  function pumpSoon(): void {
    if (pumping) return;
    pumping = true;
    setImmediate(() => {
      pumping = false;
      pump();
    });
  }

  function pump(): void {
    crowd = Math.max(crowd, queue.length + travelling);
    while (inFlight < callsInFlight && queue.length > 0 && (awaited === 0 || queue.length >= enough * share())) {
      const taken = takeCall(queue, share());
      const now = performance.now();
      for (const pending of taken) if (pending.deadline < now) giveUp(pending);
      const call = taken.filter(({ deadline }) => deadline >= now);
      if (call.length > 0) depart(call);
    }
  }

  function depart(call: readonly Pending[]): void {
    inFlight++;
    travelling += call.length;
    crowd = Math.max(remembered * crowd, queue.length + travelling);
    const noLonger = awaitCall();
    // Before its requests are answered: those who ask again at once would be counted twice else.
    void send(call, () => {
      inFlight--;
      travelling -= call.length;
      const ms = Math.min(call.length * breath, longestBreath);
      if (ms >= 1) setTimeout(noLonger, ms);
      else noLonger();
      pumpSoon();
    });
  }

  /**
   * What one call takes of those who are there: with all of them in it, nobody would be there to be decided while it is
   * stored, and then nothing to be stored while they are decided.
   */
  function share(): number {
    return Math.min(callSize, Math.max(worthSharing, Math.ceil(crowd / callsInFlight)));
  }

  /** Has fewer requests wait for a call. @returns ends that */
  function awaitCall(): () => void {
    awaited++;
    const late = setTimeout(noLonger, patience);
    let over = false;
    function noLonger(): void {
      clearTimeout(late);
      if (!over) awaited--;
      over = true;
      pumpSoon();
    }
    return noLonger;
  }

  async function send(call: readonly Pending[], landed: () => void): Promise<void> {
    const requests = call.map(({ request }) => request);
    try {
      const outcomes = await answeredInTime(appendEvents(database, requests)).finally(landed);
      const left: Pending[] = [];
      call.forEach((pending, index) => {
        const outcome = outcomes[index];
        if (outcome) pending.resolve(outcome);
        // Another request's key was lost, so nothing of this call was stored.
        else left.push(pending);
      });
      queue.unshift(...left);
      if (outcomes.some(outcome => outcome?.outcome === 'appended')) onAppended(call.length);
    } catch (error) {
      if (!isRequestsFault(error)) for (const pending of call) sendAgain(pending, error);
      else if (call.length === 1) call[0]?.reject(error);
      // One bad request fails the whole call, which stored nothing: alone, it fails alone.
      else queue.unshift(...call.map(pending => ({ ...pending, alone: true })));
    }
  }

  function sendAgain(pending: Pending, error: unknown): void {
    pending.mayBeStored ||= classifyDatabaseError(error) === 'unknown';
    const wait = backoff(++pending.attempts);
    const next = performance.now() + wait;
    pending.writableBy = isReadOnly(error) ? (pending.writableBy ?? next + readOnlyPatienceMs) : undefined;
    if (next > Math.min(pending.deadline, pending.writableBy ?? Infinity)) {
      giveUp(pending, error);
      return;
    }
    setTimeout(() => {
      queue.push(pending);
      pumpSoon();
    }, wait);
  }

  function giveUp(pending: Pending, cause?: unknown): void {
    if (!pending.mayBeStored && isReadOnly(cause)) {
      pending.reject(new ReadOnlyError('The database takes no writes', { cause }));
      return;
    }
    pending.reject(
      pending.mayBeStored
        ? new OutcomeUnknownError('The database did not say whether the command was stored', { cause })
        : new UnavailableError('The database could not take the command', { cause }),
    );
  }

  return (request, deadline) =>
    new Promise((resolve, reject) => {
      queue.push({ request, deadline, mayBeStored: false, alone: false, attempts: 0, resolve, reject });
      // At once: a turn of the event loop that brings a whole crowd decides all of it first, and stores nothing meanwhile.
      // Not of fewer: it is not known yet how many this turn brings, and they would go in crumbs.
      const isCrowd = crowd >= callsInFlight * worthSharing;
      if (isCrowd && inFlight < callsInFlight && queue.length >= share()) pump();
      else pumpSoon();
    });
}

/**
 * Takes the next call's requests off the queue, at most one a stream and one a command id: a second one of the same
 * stream rests on a version that the first is about to move, a second one of the same command wants its answer. Nor does
 * one that rests on a stream travel with one that writes it: the database would have to take all one after the other.
 * Streams are told apart by their ids: two types that had the same one would only travel apart.
 */
function takeCall(queue: Pending[], most: number): Pending[] {
  const taken: Pending[] = [];
  const left: Pending[] = [];
  const seen = new Set<string>();
  const read = new Set<string>();
  let events = 0;

  function fits({ request, alone }: Pending): boolean {
    if (taken.length === 0) return true;
    if (alone || taken[0]?.alone || taken.length >= most) return false;
    if (events + request.events.length > callEvents || seen.has(request.commandId)) return false;
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
  // Not as arguments of splice(): a long queue has more than the stack takes.
  queue.length = 0;
  for (const pending of left) queue.push(pending);
  return taken;
}

/** Errors that the same request would meet again: malformed data, a broken constraint, a bug in the statement. */
function isRequestsFault(error: unknown): boolean {
  // Not 25006: a server that only reads for now is one that was just replaced, or is about to take over.
  return classifyDatabaseError(error) === 'definite' && /^(?:22|23|25(?!006)|42|54|P0)/.test(sqlState(error) ?? '');
}

async function answeredInTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${callTimeout} ms`));
    }, callTimeout);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
