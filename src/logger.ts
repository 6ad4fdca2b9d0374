import { type Logger, pino, stdSerializers } from 'pino';
import type { Config } from './config.ts';
import { sqlState } from './database-error.ts';

export type { Logger };

/** JSON lines on standard output. Secrets are blotted out of them, wherever in a line they stand. */
export function openLogger(level: Config['logLevel']): Logger {
  return pino({
    level,
    redact: ['authorization', 'token', 'secret', 'password'].flatMap(key => [key, `*.${key}`, `*.*.${key}`]),
    serializers: { err: serializeError },
    hooks: { streamWrite: blotOut },
  });
}

/** A driver's `meta` may carry the row that an error is about, with names and addresses in it; its code says enough. */
function serializeError(error: Error): object {
  const { meta: _, ...rest } = stdSerializers.err(error) as ReturnType<typeof stdSerializers.err> & { meta?: unknown };
  return { ...rest, sqlState: sqlState(error) };
}

/** Tokens and the passwords in URLs come in messages, stacks and headers too, where no field name tells of them. */
function blotOut(line: string): string {
  return line
    .replaceAll(/(:\/\/[^\s:/?#@"\\]*):[^\s/@"\\]+@/g, '$1:[Redacted]@')
    .replaceAll(/\b(Bearer) [\w.~+/=-]+/gi, '$1 [Redacted]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[Redacted]');
}
