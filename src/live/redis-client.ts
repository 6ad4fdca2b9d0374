import { createRequire } from 'node:module';
import type dataHandler from 'ioredis/built/DataHandler.js';
import { Redis } from 'ioredis';
import type { Logger } from '../telemetry/logger.ts';
import type { RedisLocation } from './redis-location.ts';

const connectTimeoutMs = 5_000;
/**
 * A connection on which Redis does not answer for this long is closed, ms: a hanging or unreachable Redis closes none
 * itself.
 */
const answerTimeoutMs = 2_000;
/** Time for Redis to close its side of a connection that this program closes, ms. A hanging Redis never does. */
const closeTimeoutMs = 100;

// ioredis calls this for each reply. It moves an exception (a nil where only an array makes sense) out of reach of
// every handler, which would end the process. Without that, the exception is a protocol error like any other: ioredis
// rejects the pending commands and opens a new connection.
const load = createRequire(import.meta.url);
const { default: replies } = load('ioredis/built/DataHandler.js') as typeof dataHandler;
replies.prototype['dispatch'] = (handle: () => void) => {
  handle();
};

export interface RedisClient {
  /** For commands and events. */
  readonly redis: Redis;
  /** Whether commands can be sent: an error of one is then an answer of Redis. */
  readonly isReady: () => boolean;
  /** Closes the connection for good. */
  readonly close: () => void;
}

/**
 * A Redis client that survives any reply or error of Redis: its commands are rejected, or its connection is reopened,
 * and nothing ends the process. No command waits for a connection, and no command is retried.
 *
 * With several nodes, each new connection goes to the next one. A cluster's node that does not have a key says which
 * one does; the client then connects to that one, and stays there. So all its keys must be in one slot.
 * @param commandTimeoutMs a command without a reply is rejected after this time, and the connection is reopened
 */
export function openRedisClient(
  { nodes }: RedisLocation,
  logger: Logger,
  commandTimeoutMs: number = answerTimeoutMs,
): RedisClient {
  let closed = false;
  let turn = 0;
  /** Where the next connection goes instead of to the next node. */
  let moved: { host: string; port: number } | undefined;
  let reopening: NodeJS.Timeout | undefined;

  const redis: Redis = new Redis({
    ...nodes[0],
    // Nothing here needs a type that only RESP3 has, and HELLO would be one more command for an operator to allow.
    protocol: 2,
    replyMapping: 'legacy',
    connectTimeout: connectTimeoutMs,
    sentinelCommandTimeout: answerTimeoutMs,
    socketTimeout: answerTimeoutMs,
    commandTimeout: commandTimeoutMs,
    disconnectTimeout: closeTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Otherwise ioredis subscribes again by itself after a reconnect, and leaves a rejection unhandled, which ends
    // the process.
    autoResubscribe: false,
    retryStrategy: attempt => {
      Object.assign(redis.options, moved ?? nodes[++turn % nodes.length]);
      moved = undefined;
      return Math.min(50 * 2 ** attempt, 1_000) * (0.5 + Math.random() / 2);
    },
    reconnectOnError: error => {
      moved = movedTo(error, redis.options.host ?? '');
      return moved !== undefined;
    },
  });
  // Without a listener, ioredis prints each error. It reconnects by itself.
  redis.on('error', (error: Error) => {
    logger.debug({ err: error }, 'Redis connection error');
    // A reply came for which no command waits: from then on, each command would get the reply of another command.
    if (error.message.startsWith('Command queue state error')) redis.disconnect(true);
  });
  // ioredis gives up if an address cannot even be tried: a sentinel may answer with anything.
  redis.on('end', () => {
    if (closed) return;
    clearTimeout(reopening);
    reopening = setTimeout(() => void redis.connect().catch(() => undefined), connectTimeoutMs / 5);
  });
  reopenIfUnanswered(redis);
  return {
    redis,
    // ioredis reports a connection that it is closing as ready, until it is closed.
    isReady: () => redis.status === 'ready' && redis.stream.writable,
    close: () => {
      closed = true;
      clearTimeout(reopening);
      redis.disconnect();
    },
  };
}

/** The node of a cluster that has the key of a command, if the error names it. */
function movedTo({ message }: Error, host: string): { host: string; port: number } | undefined {
  const [, given = '', port] = /^MOVED \d+ (\S*):(\d{1,5})$/.exec(message) ?? [];
  // Without a host, it is another port of the same one.
  return port === undefined || Number(port) > 65_535 ? undefined : { host: given || host, port: Number(port) };
}

/** Reopens a connection that receives bytes but completes no reply: it may be one reply that never ends. */
function reopenIfUnanswered(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    command.promise.catch((error: unknown) => {
      if (error instanceof Error && error.message === 'Command timed out') redis.disconnect(true);
    });
    return send(command, stream);
  };
}
