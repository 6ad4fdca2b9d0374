import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Config } from '../config.ts';
import { sqlState } from '../database/database-error.ts';

export type { Logger };

/**
 * JSON lines. Secrets are blotted out of them, wherever in a line they stand.
 * @param destination standard output where left out
 */
export function openLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    redact: ['authorization', 'token', 'secret', 'password'].flatMap(key => [key, `*.${key}`, `*.*.${key}`]),
    serializers: { err: serializeError },
    hooks: { streamWrite: blotOut },
  };
  return destination ? pino(options, destination) : pino(options);
}

/**
 * What an error carries beside its words may be the row that it is about, with names, addresses and a customer's key in
 * it: nothing of that is logged but codes.
 */
function serializeError(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error);
  const { code } = error as { readonly code?: unknown };
  return { type, message, stack, ...(typeof code === 'string' && { code }), sqlState: sqlState(error) };
}

/** Tokens and the passwords in URLs come in messages, stacks and headers too, where no field name tells of them. */
function blotOut(line: string): string {
  return line
    .replaceAll(/(:\/\/[^\s:/?#@"\\]*):[^\s/@"\\]+@/g, '$1:[Redacted]@')
    .replaceAll(/\b(Bearer) [\w.~+/=-]+/gi, '$1 [Redacted]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[Redacted]');
}
