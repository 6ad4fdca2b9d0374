import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import { StartError } from '../start-error.ts';
import { type Bus, type Hints, openListeners, type Topic } from './bus.ts';
import { openRedisClient } from './redis-client.ts';

const channelPrefix = 'orderstream:';
const topics = ['appended', 'projected'] as const satisfies readonly Topic[];
const connectTimeout = 5_000;
/** How often each connection is asked for a sign of life, ms. */
const pulse = 2_000;
/** In characters: what is longer is no hint of ours, and not worth parsing. */
const longestHint = 1_000;

const insteadOfHints = 'updates come by looking at the database until it is back';

/** A start waits so long for Redis, ms: one that is there is used from the first hint on. */
const introduction = 2_000;

/**
 * The bus of many processes: Redis pub/sub, which loses messages when a connection is down. That is why only hints
 * travel on it. If Redis is away, or refuses what is asked of it, at the start too, that is logged once; the bus is not
 * connected until Redis takes it again, which is tried all the time.
 * @throws StartError if Redis has no database of the number in the URL
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
  /** Hints are missing, which was logged. */
  let missing = false;
  let closed = false;

  const isConnected = (): boolean => subscribed && !publishRefused && publisher.status === 'ready';

  subscriber.on('message', (channel: string, message: string) => {
    const topic = topics.find(one => channel === channelPrefix + one);
    const hint = topic && parseHint(topic, message);
    if (topic && hint && !closed) listeners.tell(topic, hint);
  });
  /** What was published while this node did not listen is lost. */
  function lookNow(): void {
    listeners.tell('appended', {});
    listeners.tell('projected', { to: { point: 0, hash: '' } });
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
    // Hubs that count on hints have yet to learn that none come: from this look on they look by themselves.
    const heard = subscribed;
    subscribed = false;
    // After an answer that it could not read, ioredis may never settle the command.
    subscribing = false;
    if (heard) lookNow();
    miss('Redis is away');
  });

  /** Subscribing again is idempotent; before Redis confirms it, it is not known that hints arrive. */
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
      // If the connection was lost, `close` has said so.
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
  // A connection that can't be made is tried again.
  for (const client of [publisher, subscriber]) client.connect().catch(() => undefined);
  const failure = await Promise.race([failing, listening, sleep(introduction, undefined, { ref: false })]);

  /** Each connection is asked for a sign of life, and what was refused is asked for again. */
  const beat = setInterval(() => {
    for (const client of [publisher, subscriber]) {
      // While a connection is made anew, a question would wait for it, and the next one behind that.
      if (client.status === 'ready') client.ping().catch(() => undefined);
    }
    if (subscriber.status === 'ready' && !(subscribed && subscriber.mode === 'subscriber')) void subscribe();
    // This hint wakes whoever hears it, and says nothing.
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

/** Any client of Redis can publish anything: what is not a hint is ignored, and a hint only wakes. */
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
