import { createHash } from 'node:crypto';
import { type DocumentNode, getOperationAST, Kind } from 'graphql';
import type { Logger } from '../../telemetry/logger.ts';

/** Ms for which a request may hold the event loop, and with it every other request, before it is logged. */
const longestHold = 1_000;

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
    const milliseconds = performance.now() - start;
    if (milliseconds > longestHold) report(watchdog(), asked(), milliseconds);
  }
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
