import { createHash } from 'node:crypto';
import { type DocumentNode, getOperationAST, Kind } from 'graphql';
import type { Logger } from '../../telemetry/logger.ts';

/** Ms for which a request may hold the event loop, and with it every other request, before it is logged. */
const longestHold = 1_000;
/** How often, in ms, the event loop shows that it is free. */
const beatMs = 100;

/** When it was free last, by performance.now(). */
let freeAt = 0;
let beat: NodeJS.Timeout | undefined;

/** What is logged of a request: its text and its variables may have personal data in them. */
export interface Watched {
  /** Undefined where the text is no document. */
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
 * Runs one step of a request: parsing, validating, or executing up to its first wait. If the step holds the event loop for
 * more than a second, one line says so, with the SHA-256 of the document, by which its sender or a manifest finds it.
 * @param asked called after the step, and only for that line
 * @returns what the step returns; what it throws is thrown
 */
export function watched<Result>(watchdog: () => Watchdog, asked: () => Watched, step: () => Result): Result {
  const start = performance.now();
  try {
    return step();
  } finally {
    const end = performance.now();
    if (end - start > longestHold) {
      report(watchdog(), asked(), end - start);
      freeAt = end;
    }
  }
}

/** Called before a request waits for the first time; `watchAnswer` rests on it. */
export function watchLoop(): void {
  if (beat) return;
  freeAt = performance.now();
  beat = setInterval(() => (freeAt = performance.now()), beatMs);
  beat.unref();
}

/**
 * Reports a request whose last step held the event loop for more than a second: the one from what it waited for last, such
 * as the rows of its lists, to its answer. No function runs that step, so its length is the time since the event loop was
 * free. Call it at the end of that step.
 * @param asked called only for the line
 */
export function watchAnswer(watchdog: () => Watchdog, asked: () => Watched): void {
  const milliseconds = performance.now() - freeAt;
  if (milliseconds <= longestHold + beatMs) return;
  report(watchdog(), asked(), milliseconds);
  // Not those that are answered in a later callback, before the beat. Of requests that got the same rows in one callback it
  // can't be said which one it was: all are reported.
  // eslint-disable-next-line no-restricted-globals -- it is a timer: nothing of the environment is read
  process.nextTick(() => (freeAt = performance.now()));
}

function report({ logger, held }: Watchdog, { document, operationName, text }: Watched, milliseconds: number): void {
  const body = text ?? document?.loc?.source.body ?? '';
  const documentSha256 = createHash('sha256').update(body).digest('hex');
  const operation = document && (getOperationAST(document, operationName)?.operation ?? firstOperation(document));
  held?.();
  logger.warn(
    { documentSha256, operation: operation ?? 'unknown', milliseconds: Math.round(milliseconds) },
    'a request held the event loop',
  );
}

/** Where it is not said yet which one is meant. */
function firstOperation({ definitions }: DocumentNode): string | undefined {
  for (const one of definitions) if (one.kind === Kind.OPERATION_DEFINITION) return one.operation;
  return undefined;
}
