import type { Duplex } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../telemetry/logger.ts';

/**
 * A connection on which Redis does not answer for this long is closed, ms: a hanging or unreachable Redis closes none
 * itself.
 */
const socketTimeout = 2_000;

/**
 * A Redis client that survives any reply or error of Redis: its commands are rejected, or its connection is reopened,
 * and nothing ends the process. No command waits for a connection, and no command is retried.
 */
export function openRedisClient(url: string, logger: Logger, options: RedisOptions): Redis {
  const client = new Redis(url, {
    ...options,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    socketTimeout,
    commandTimeout: options.commandTimeout ?? socketTimeout,
    // Otherwise ioredis subscribes again by itself after a reconnect, and leaves a rejection unhandled, which ends
    // the process.
    autoResubscribe: false,
  });
  // Without a listener, ioredis prints each error. It reconnects by itself.
  client.on('error', (error: Error) => {
    logger.debug({ err: error }, 'Redis connection error');
    // A reply came for which no command waits: from then on, each command would get the reply of another command.
    if (error.message.startsWith('Command queue state error')) abandonConnection(client, error);
  });
  client.on('connect', () => guardAnswers(client));
  abandonIfUnanswered(client);
  client.on('close', () => forgetSocketTimeout(client));
  return client;
}

/** Closes the connection: ioredis reopens it when its stream closes. */
function abandonConnection(client: Redis, error: unknown): void {
  const { stream } = client as unknown as { readonly stream: Duplex | undefined };
  stream?.destroy(error instanceof Error ? error : new Error(String(error)));
}

/** Closes a connection that receives bytes but completes no reply: it may be one reply that never ends. */
function abandonIfUnanswered(client: Redis): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    command.promise.catch((error: unknown) => {
      if (error instanceof Error && error.message === 'Command timed out') abandonConnection(client, error);
    });
    return send(command, stream);
  };
}

/** On an unexpected reply ioredis throws inside a stream event, which would end the process. */
function guardAnswers(client: Redis): void {
  const { stream } = client as unknown as { readonly stream: Duplex };
  // When ioredis emits `connect`, it has put its parser before all other listeners.
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
 * ioredis does not clear the timer of a connection that closed before it answered, and that timer closes the next
 * connection, although it is healthy (redis/ioredis#2147, in 5.11.1).
 */
function forgetSocketTimeout(client: Redis): void {
  const own = client as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
  clearTimeout(own.socketTimeoutTimer);
  own.socketTimeoutTimer = undefined;
}
