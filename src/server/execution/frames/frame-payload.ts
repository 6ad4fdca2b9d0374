import type { ExecutionResult } from 'graphql';
import { formatPosition } from '../../../event-store/position.ts';
import type { Frame } from '../../../live/frame.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { TraceOrigin } from '../../../telemetry/tracing.ts';
import { formatError, isTransient, presentError } from '../present-error.ts';
import { Payload } from './payload.ts';

/**
 * @returns undefined if the result has a transient error: then the frame is retried, and neither the error nor its
 * position is sent
 */
export function framePayload(event: Frame, result: ExecutionResult): Payload | undefined {
  if (result.errors?.some(isTransient)) return undefined;
  const position = formatPosition(event.position);
  const correlationId = traceOriginOf(event)?.correlationId;
  const extensions = { position, kind: event.kind, ...(correlationId && { correlationId }) };
  return resultPayload({ ...result, extensions }, position);
}

/** @param position to resume from; no subscription may resume from a frame with errors */
export function resultPayload({ errors, ...result }: ExecutionResult, position: string | undefined): Payload {
  const json = JSON.stringify({ ...(errors && { errors: errors.map(formatError) }), ...result });
  return new Payload(json, errors ? undefined : position, errors);
}

/** A frame that contains only the error, which is logged. */
export function errorPayload(error: unknown, logger: Logger): Payload {
  return resultPayload({ errors: [presentError(error, logger)] }, undefined);
}

/** The request that caused the change of an UPDATE frame, if it is known. */
export function traceOriginOf({ kind, row }: Frame): TraceOrigin | undefined {
  const origin = row as Partial<TraceOrigin> | undefined;
  return kind === 'UPDATE' && origin?.correlationId ? (origin as TraceOrigin) : undefined;
}
