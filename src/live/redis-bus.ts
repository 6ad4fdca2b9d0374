import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { type Bus, type Hints, openListeners, type Topic } from './bus.ts';

const channelPrefix = 'orderstream:';
const topics = ['appended', 'projected'] as const satisfies readonly Topic[];
const connectTimeout = 5_000;
/** A connection that answers nothing for that long is given up, ms: a Redis that hangs, or is cut off, closes none. */
const socketTimeout = 2_000;
/** How often each connection is asked for a sign of life, ms. */
const pulse = 2_000;
/** In characters: what is longer is no hint of ours, and not worth parsing. */
const longestHint = 1_000;

/** A start waits so long for Redis, ms: one that is there is used from the first hint on. */
const introduction = 2_000;

/**
 * The bus of many processes: Redis pub/sub, which loses messages when a connection is down. That is why only hints
 * travel on it, and why a Redis that is away, at the start too, is an error to nobody: it is waited for.
 */
export async function openRedisBus(url: string, logger: Logger): Promise<Bus> {
  const listeners = openListeners();
  const options = {
    lazyConnect: true,
    connectTimeout,
    socketTimeout,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000) * (0.5 + Math.random() / 2),
  };
  // Without an offline queue, and without retries: hints that wait for Redis would fill the memory and come too late.
  const publisher = new Redis(url, { ...options, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  const subscriber = new Redis(url, { ...options, maxRetriesPerRequest: null });
  let connected = false;
  /** It was said to be away. */
  let missed = false;
  let closed = false;

  function watchErrors(client: Redis): void {
    // ioredis without a listener prints each one; it reconnects by itself.
    client.on('error', (error: Error) => {
      logger.debug({ err: error }, 'Redis connection error');
    });
    client.on('close', () => forgetSocketTimeout(client));
  }
  watchErrors(publisher);
  watchErrors(subscriber);

  subscriber.on('message', (channel: string, message: string) => {
    const topic = topics.find(one => channel === channelPrefix + one);
    const hint = topic && parseHint(topic, message);
    if (topic && hint && !closed) listeners.tell(topic, hint);
  });
  /** What was published while nobody listened is gone. */
  function lookNow(): void {
    listeners.tell('appended', {});
    listeners.tell('projected', { to: { point: 0, hash: '' } });
  }

  subscriber.on('close', () => {
    // Whoever counts on hints has yet to learn that none come: from this look on they look by themselves.
    const heard = connected;
    connected = false;
    if (heard) lookNow();
    if (!missed) logger.warn('Redis is away: updates come by looking at the database until it is back');
    missed = true;
  });

  async function listen(): Promise<void> {
    await subscriber.subscribe(...topics.map(topic => channelPrefix + topic));
    connected = true;
    logger[missed ? 'info' : 'debug']('Redis is there: hints arrive');
    missed = false;
    lookNow();
  }

  const listening = new Promise<void>(resolve => {
    subscriber.on('ready', () => {
      // Subscribing again is idempotent; without its answer it is not known that hints arrive.
      listen().then(resolve, (error: unknown) => {
        logger.debug({ err: error }, 'Redis subscribe failed');
      });
    });
  });
  // Whoever fails here is trying again by then.
  for (const client of [publisher, subscriber]) client.connect().catch(() => undefined);
  await Promise.race([listening, sleep(introduction, undefined, { ref: false })]);

  const beat = setInterval(() => {
    for (const client of [publisher, subscriber]) {
      // One that is not there is being made anew; a question would wait for it, and the next one behind that.
      if (client.status === 'ready') client.ping().catch(() => undefined);
    }
  }, pulse);

  return {
    publish(topic, hint) {
      publisher.publish(channelPrefix + topic, JSON.stringify(hint)).catch((error: unknown) => {
        logger.debug({ err: error }, 'a hint was lost');
      });
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    isConnected: () => connected && publisher.status === 'ready',
    close() {
      closed = true;
      clearInterval(beat);
      subscriber.removeAllListeners('close');
      publisher.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
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

/** Anybody who reaches Redis can publish anything: what is no hint is ignored, and what is one only wakes. */
function parseHint<T extends Topic>(topic: T, message: string): Hints[T] | undefined {
  if (message.length > longestHint) return undefined;
  try {
    const hint = JSON.parse(message) as Partial<Hints['projected']> | null;
    if (typeof hint !== 'object' || hint === null || Array.isArray(hint)) return undefined;
    if (topic === 'projected' && typeof hint.to?.point !== 'number') return undefined;
    return hint as Hints[T];
  } catch {
    return undefined;
  }
}
