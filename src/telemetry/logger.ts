import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Config } from '../config.ts';
import { sqlState } from '../database/database-error.ts';

export type { Logger };

/**
 * Logs JSON lines. Secrets are redacted anywhere in a line.
 * @param destination default: standard output
 */
export function openLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    redact: ['authorization', 'token', 'secret', 'password'].flatMap(key => [key, `*.${key}`, `*.*.${key}`]),
    serializers: { err: serializeError },
    hooks: { streamWrite: redactLine },
  };
  return destination ? pino(options, destination) : pino(options);
}

/**
 * Only type, message, stack and codes are logged. Other properties of an error may contain a row, with names,
 * addresses and a customer's key.
 */
function serializeError(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error);
  const { code } = error as { readonly code?: unknown };
  return { type, message, stack, ...(typeof code === 'string' && { code }), sqlState: sqlState(error) };
}

/**
 * Redacts tokens, and passwords in URLs: they also occur in messages, stacks and headers, where no field name
 * identifies them.
 */
function redactLine(line: string): string {
  return line
    .replaceAll(/(:\/\/[^\s:/?#@"\\]*):[^\s/@"\\]+@/g, '$1:[Redacted]@')
    .replaceAll(/\b(Bearer) [\w.~+/=-]+/gi, '$1 [Redacted]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[Redacted]');
}
