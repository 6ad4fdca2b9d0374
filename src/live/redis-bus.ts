import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import { StartError } from '../start-error.ts';
import { type Bus, type Hints, openListeners, type Topic } from './bus.ts';
import { openRedisClient } from './redis-client.ts';

const channelPrefix = 'orderstream:';
const topics = ['appended', 'projected'] as const satisfies readonly Topic[];
const connectTimeout = 5_000;
/** Interval at which each connection is checked by a PING, ms. */
const pulse = 2_000;
/** Maximum length of a hint, characters. A longer message cannot be a hint of ours, and is not parsed. */
const longestHint = 1_000;

const insteadOfHints = 'updates come by looking at the database until it is back';

/** How long a start waits for Redis, ms. A Redis that answers in time is used from the first hint on. */
const introduction = 2_000;

/**
 * The bus of several processes: Redis pub/sub, which loses messages while a connection is down. That is why it only
 * carries hints. If Redis is unavailable or rejects a command, also at the start, that is logged once. The bus is
 * then disconnected, and it retries until Redis accepts the command.
 * @throws StartError if Redis has no database with the number in the URL
 */
export async function openRedisBus(url: string, logger: Logger): Promise<Bus> {
  const listeners = openListeners();
  const options = {
    lazyConnect: true,
    connectTimeout,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000) * (0.5 + Math.random() / 2),
  };
  const publisher = openRedisClient(url, logger, options);
  const subscriber = openRedisClient(url, logger, options);
  let subscribed = false;
  let subscribing = false;
  let publishRefused = false;
  /** Hints are missing, and a warning was logged. */
  let missing = false;
  let closed = false;

  const isConnected = (): boolean => subscribed && !publishRefused && publisher.status === 'ready';

  subscriber.on('message', (channel: string, message: string) => {
    const topic = topics.find(one => channel === channelPrefix + one);
    const hint = topic && parseHint(topic, message);
    if (topic && hint && !closed) listeners.notify(topic, hint);
  });
  /** Wakes all listeners: hints that were published while this node did not listen are lost. */
  function lookNow(): void {
    listeners.notify('appended', {});
    listeners.notify('projected', { to: { point: 0, hash: '' } });
  }

  function miss(why: string, error?: unknown): void {
    if (!missing) logger.warn({ ...(error !== undefined && { err: error }) }, `${why}: ${insteadOfHints}`);
    missing = true;
  }

  function recover(): void {
    if (!subscribed || publishRefused) return;
    logger[missing ? 'info' : 'debug']('Redis is there: hints arrive');
    missing = false;
  }

  subscriber.on('close', () => {
    // Hubs that rely on hints do not know yet that none arrive. This read makes them poll at the shorter interval.
    const heard = subscribed;
    subscribed = false;
    // After a reply that ioredis cannot parse, it may never settle the command.
    subscribing = false;
    if (heard) lookNow();
    miss('Redis is away');
  });

  /** Subscribing again is idempotent. Until Redis confirms it, the bus counts as disconnected. */
  async function subscribe(): Promise<void> {
    if (subscribing) return;
    subscribing = true;
    try {
      await subscriber.subscribe(...topics.map(topic => channelPrefix + topic));
      subscribed = true;
      recover();
      lookNow();
    } catch (error) {
      subscribed = false;
      // If the connection was lost, the handler of `close` has logged it.
      if (subscriber.status === 'ready') miss('Redis refuses SUBSCRIBE', error);
    } finally {
      subscribing = false;
    }
  }

  async function publish<T extends Topic>(topic: T, hint: Hints[T]): Promise<void> {
    try {
      await publisher.publish(channelPrefix + topic, JSON.stringify(hint));
      const wasRefused = publishRefused;
      publishRefused = false;
      if (wasRefused) recover();
    } catch (error) {
      logger.debug({ err: error }, 'a hint was lost');
      if (publisher.status !== 'ready' || closed) return;
      publishRefused = true;
      miss('Redis refuses PUBLISH', error);
    }
  }

  const listening = new Promise<void>(resolve => {
    subscriber.on('ready', () => void subscribe().then(resolve));
  });
  const failing = new Promise<Error>(resolve => {
    subscriber.on('error', (error: Error) => {
      if (/DB index|invalid DB/i.test(error.message)) resolve(error);
    });
  });
  // A connection that cannot be opened is retried by ioredis.
  for (const client of [publisher, subscriber]) client.connect().catch(() => undefined);
  const failure = await Promise.race([failing, listening, sleep(introduction, undefined, { ref: false })]);

  /** Checks each connection by a PING, and retries a rejected SUBSCRIBE or PUBLISH. */
  const beat = setInterval(() => {
    for (const client of [publisher, subscriber]) {
      // While a connection is reopened, a PING would wait for it, and the next PING behind the first.
      if (client.status === 'ready') client.ping().catch(() => undefined);
    }
    if (subscriber.status === 'ready' && !(subscribed && subscriber.mode === 'subscriber')) void subscribe();
    // This hint has no content and only wakes projectors, so it is a safe test of PUBLISH.
    if (publisher.status === 'ready' && publishRefused) void publish('appended', {});
  }, pulse);

  function close(): Promise<void> {
    closed = true;
    clearInterval(beat);
    subscriber.removeAllListeners('close');
    publisher.disconnect();
    subscriber.disconnect();
    return Promise.resolve();
  }

  if (failure) {
    await close();
    throw new StartError(`REDIS_URL: Redis refuses the database in its path: ${failure.message}`);
  }
  return {
    publish: (topic, hint) => void publish(topic, hint),
    subscribe: (topic, listener) => listeners.add(topic, listener),
    isConnected,
    close,
  };
}

/**
 * Any client of Redis can publish anything. A message that is not a valid hint is ignored, and a hint only causes a
 * read.
 */
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
