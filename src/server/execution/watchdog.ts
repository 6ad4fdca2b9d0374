import { createHash } from 'node:crypto';
import { type DocumentNode, getOperationAST, Kind } from 'graphql';
import type { Logger } from '../../telemetry/logger.ts';

/** A request that holds the event loop for longer, and with it every other request, is logged. */
const maxHoldMs = 1_000;
/** The interval of the timer that notes when the event loop was free. */
const freeLoopIntervalMs = 100;

/** When the event loop was free last, by performance.now(). */
let freeAt = 0;
let freeLoopTimer: NodeJS.Timeout | undefined;

/**
 * The request in a log line. Only a hash of the text is logged, because text and variables may contain personal data.
 */
export interface WatchedRequest {
  /** Undefined if the text could not be parsed. */
  readonly document?: DocumentNode | undefined;
  readonly operationName?: string | null | undefined;
  readonly text?: string | undefined;
}

export interface Watchdog {
  readonly logger: Logger;
  /** Counts a request that held the event loop. */
  readonly held?: (() => void) | undefined;
}

/**
 * Runs one step of a request: parsing, validating, or executing up to its first wait. If the step holds the event
 * loop for more than a second, a line is logged with the SHA-256 of the document, by which a client's developer or a
 * manifest can find it.
 * @param describe called after a slow step only
 * @returns the result of the step; its errors are passed on
 */
export function watched<Result>(watchdog: () => Watchdog, describe: () => WatchedRequest, step: () => Result): Result {
  const start = performance.now();
  try {
    return step();
  } finally {
    const end = performance.now();
    if (end - start > maxHoldMs) {
      report(watchdog(), describe(), end - start);
      freeAt = end;
    }
  }
}

/** Starts to note when the event loop is free. Call it before a request waits: `watchLastStep` needs it. */
export function watchLoop(): void {
  if (freeLoopTimer) return;
  freeAt = performance.now();
  freeLoopTimer = setInterval(() => (freeAt = performance.now()), freeLoopIntervalMs);
  freeLoopTimer.unref();
}

/**
 * Reports a request if its last step held the event loop for more than a second. The last step leads from the last wait,
 * such as the one for the rows of a list, to the response. No function of ours runs it, so its length is the time since
 * the event loop was free. Call this at the end of that step.
 * @param describe called after a slow step only
 */
export function watchLastStep(watchdog: () => Watchdog, describe: () => WatchedRequest): void {
  const milliseconds = performance.now() - freeAt;
  if (milliseconds <= maxHoldMs + freeLoopIntervalMs) return;
  report(watchdog(), describe(), milliseconds);
  // Requests that end in a later callback, before the timer runs, are not reported. Requests that got the same rows in
  // one callback are all reported, because they cannot be told apart.
  // eslint-disable-next-line no-restricted-globals -- it is a timer: nothing of the environment is read
  process.nextTick(() => (freeAt = performance.now()));
}

function report(
  { logger, held }: Watchdog,
  { document, operationName, text }: WatchedRequest,
  milliseconds: number,
): void {
  const body = text ?? document?.loc?.source.body ?? '';
  const documentSha256 = createHash('sha256').update(body).digest('hex');
  const operation = document && (getOperationAST(document, operationName)?.operation ?? firstOperation(document));
  held?.();
  logger.warn(
    { documentSha256, operation: operation ?? 'unknown', milliseconds: Math.round(milliseconds) },
    'a request held the event loop',
  );
}

/** Used before the operation name is known to be valid. */
function firstOperation({ definitions }: DocumentNode): string | undefined {
  for (const one of definitions) if (one.kind === Kind.OPERATION_DEFINITION) return one.operation;
  return undefined;
}
