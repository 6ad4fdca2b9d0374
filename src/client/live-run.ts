import { OperationError } from './operations.ts';
import type { Session } from './session.ts';

/**
 * - `loading`: what is shown is not there yet, or is loaded again because the log is another one
 * - `error`: something could not be loaded. If the failure can pass, it is tried again without `retry()`.
 * - `signedOut`: the viewer signed out. This is final.
 */
export type LiveStatus = 'loading' | 'live' | 'error' | 'signedOut';

/** Longest wait before it begins again, ms. */
const longestWaitMs = 10_000;
/** Codes of failures that pass without anything done about them. */
const passing = ['NETWORK', 'UNAVAILABLE', 'VIEW_LAGGING', 'RATE_LIMITED', 'STALE_POSITION'];

export interface LiveRunOptions {
  /**
   * Loads and subscribes. A failure after it has resolved is reported with `fail`.
   * @param signal ends what it began
   */
  readonly begin: (signal: AbortSignal, viewer: string) => Promise<void>;
  readonly onError: (error: OperationError) => void;
  /** Called once, if the viewer signs out; nothing follows. */
  readonly onSignedOut: () => void;
  /** An entity on which it depends: if it was not found, it is asked again after a change. */
  readonly key: string | undefined;
}

/** Something that stays live: it begins again after failures, until it is ended or its viewer signs out. */
export interface LiveRun {
  /** Begins again now. */
  restart(): void;
  /** Stops. If the failure is one that passes, it begins again soon; the wait grows until `worked()` is called. */
  fail(error: unknown): void;
  worked(): void;
  /** Ends for good. */
  end(): void;
}

/** It begins in a later microtask: a hook that is unmounted at once (React's StrictMode) sends nothing. */
export function startLiveRun(session: Session, { begin, onError, onSignedOut, key }: LiveRunOptions): LiveRun {
  let attempt = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let viewerSignal: AbortSignal | undefined;
  let isOver = false;
  let isMissing = false;
  let failures = 0;

  const forgetEntities = session.entities.subscribe(keys => {
    if (isMissing && key !== undefined && keys.has(key)) restart();
  });

  function end(): void {
    isOver = true;
    clearTimeout(timer);
    forgetEntities();
    viewerSignal?.removeEventListener('abort', signOut);
    attempt.abort();
  }

  function signOut(): void {
    if (isOver) return;
    end();
    onSignedOut();
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
      .catch((error: unknown) => {
        if (!signal.aborted) fail(error);
      });
  }

  function fail(cause: unknown): void {
    if (isOver) return;
    const error = operationError(cause);
    attempt.abort();
    clearTimeout(timer);
    // A subscription ends before the signal's listeners are called.
    if (error.code === 'SIGNED_OUT' || viewerSignal?.aborted) {
      signOut();
      return;
    }
    isMissing = error.code === 'NOT_FOUND';
    if (isPassing(error)) timer = setTimeout(restart, waitMs(failures++));
    onError(error);
  }

  restart();
  return { restart, fail, end, worked: () => (failures = 0) };
}

/** Calls it once the signal is aborted, or now if it is. */
export function onAbort(signal: AbortSignal, end: () => void): void {
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
}

export function isPassing({ code }: OperationError): boolean {
  return passing.includes(code);
}

export function operationError(cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  return new OperationError('NETWORK', cause instanceof Error ? cause.message : String(cause));
}

function waitMs(attempt: number): number {
  return Math.min(longestWaitMs, 1_000 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
