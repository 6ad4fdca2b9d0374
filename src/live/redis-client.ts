import type { Duplex } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../telemetry/logger.ts';

/** A connection that answers nothing for that long is given up, ms: a Redis that hangs, or is cut off, closes none. */
const socketTimeout = 2_000;

/**
 * A client of Redis for which Redis may refuse, or answer, anything at any moment: its commands are rejected or its
 * connection is made anew, and nothing ends the process. No command waits for a connection, and none is repeated.
 */
export function openRedisClient(url: string, logger: Logger, options: RedisOptions): Redis {
  const client = new Redis(url, {
    ...options,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    socketTimeout,
    commandTimeout: options.commandTimeout ?? socketTimeout,
    // ioredis would subscribe by itself after a reconnect, and leave a refusal unhandled, which ends the process.
    autoResubscribe: false,
  });
  // Without a listener ioredis prints each error. It reconnects by itself.
  client.on('error', (error: Error) => {
    logger.debug({ err: error }, 'Redis connection error');
    // An answer that no command waits for: from there on each command would get the answer of another one.
    if (error.message.startsWith('Command queue state error')) abandonConnection(client, error);
  });
  client.on('connect', () => guardAnswers(client));
  abandonIfUnanswered(client);
  client.on('close', () => forgetSocketTimeout(client));
  return client;
}

/** The connection is made anew: ioredis does so when its stream closes. */
function abandonConnection(client: Redis, error: unknown): void {
  const { stream } = client as unknown as { readonly stream: Duplex | undefined };
  stream?.destroy(error instanceof Error ? error : new Error(String(error)));
}

/** A connection on which bytes come, but no answer: all of them may be one answer that never ends. */
function abandonIfUnanswered(client: Redis): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    command.promise.catch((error: unknown) => {
      if (error instanceof Error && error.message === 'Command timed out') abandonConnection(client, error);
    });
    return send(command, stream);
  };
}

/** ioredis throws on answers that it does not expect, in an event of the stream, which would end the process. */
function guardAnswers(client: Redis): void {
  const { stream } = client as unknown as { readonly stream: Duplex };
  // ioredis puts its parser before all other listeners, and has done so when it says `connect`.
  const [parse] = stream.listeners('data') as ((data: Buffer) => void)[];
  if (!parse) return;
  stream.off('data', parse);
  stream.prependListener('data', (data: Buffer) => {
    try {
      parse(data);
    } catch (error) {
      abandonConnection(client, error);
    }
  });
}

/**
 * ioredis keeps the timer of a connection that closed before it answered, and closes the next one by it, healthy as that
 * is (redis/ioredis#2147, of 5.11.1).
 */
function forgetSocketTimeout(client: Redis): void {
  const own = client as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
  clearTimeout(own.socketTimeoutTimer);
  own.socketTimeoutTimer = undefined;
}
