import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import { StartError } from '../start-error.ts';
import { type Bus, type Hints, openListeners, type Topic } from './bus.ts';
import { openRedisClient } from './redis-client.ts';
import type { RedisLocation } from './redis-location.ts';

const topics = ['appended', 'projected'] as const satisfies readonly Topic[];
/** Interval at which each connection is checked by a PING, ms. */
const pulse = 2_000;
/** Maximum length of a hint, characters. A longer message cannot be a hint of ours, and is not parsed. */
const longestHint = 1_000;

const away = 'Redis is away';
const insteadOfHints = 'updates come by looking at the database until it is back';

/** How long a start waits for Redis, ms. A Redis that answers in time is used from the first hint on. */
const introduction = 2_000;

/**
 * The bus of several processes: Redis pub/sub, which loses messages while a connection is down. That is why it only
 * carries hints. If Redis is unavailable or rejects a command, also at the start, that is logged once. The bus is
 * then disconnected, and it retries until Redis accepts the command.
 *
 * A message that is published on any node of a cluster reaches the subscribers of each node.
 * @throws StartError if Redis has no database with the number in the URL, or if the nodes are no cluster
 */
export async function openRedisBus(location: RedisLocation, logger: Logger): Promise<Bus> {
  const listeners = openListeners();
  const { prefix } = location;
  const [publishing, listening] = [openRedisClient(location, logger), openRedisClient(location, logger)];
  const { redis: publisher } = publishing;
  const { redis: subscriber } = listening;
  let subscribed = false;
  let subscribing = false;
  let publishRefused = false;
  /** Of several servers that are no cluster, each process may use another one. */
  let separate = false;
  /** Why hints are missing, as it was logged. Undefined while they arrive. */
  let missing: string | undefined;
  let closed = false;

  const isSubscribed = (): boolean => subscribed;
  const isConnected = (): boolean => subscribed && !publishRefused && !separate && publishing.isReady();

  subscriber.on('message', (channel: string, message: string) => {
    const topic = topics.find(one => channel === prefix + one);
    const hint = topic && parseHint(topic, message);
    if (topic && hint && !closed) listeners.notify(topic, hint);
  });
  /** Wakes all listeners: hints that were published while this node did not listen are lost. */
  function lookNow(): void {
    listeners.notify('appended', {});
    listeners.notify('projected', { to: { point: 0, hash: '' } });
  }

  /** Logs one reason, or two: a refusal says more than a lost connection before it. */
  function miss(why: string, error?: unknown): void {
    if (missing !== undefined && (missing !== away || why === away)) return;
    logger.warn({ ...(error !== undefined && { err: error }) }, `${why}: ${insteadOfHints}`);
    missing = why;
  }

  function recover(): void {
    if (!subscribed || publishRefused || separate) return;
    logger[missing === undefined ? 'debug' : 'info']('Redis is there: hints arrive');
    missing = undefined;
  }

  subscriber.on('close', () => {
    // Hubs that rely on hints do not know yet that none arrive. This read makes them poll at the shorter interval.
    const heard = subscribed;
    subscribed = false;
    // After a reply that ioredis cannot parse, it may never settle the command.
    subscribing = false;
    if (heard) lookNow();
    miss(away);
  });

  /** Subscribing again is idempotent. Until Redis confirms it, the bus counts as disconnected. */
  async function subscribe(): Promise<void> {
    if (subscribing) return;
    subscribing = true;
    try {
      await subscriber.subscribe(...topics.map(topic => prefix + topic));
      subscribed = true;
      recover();
      lookNow();
    } catch (error) {
      subscribed = false;
      // If the connection was lost, the handler of `close` has logged it.
      if (listening.isReady()) miss('Redis refuses SUBSCRIBE', error);
    } finally {
      subscribing = false;
    }
  }

  async function publish<T extends Topic>(topic: T, hint: Hints[T]): Promise<void> {
    try {
      await publisher.publish(prefix + topic, JSON.stringify(hint));
      const wasRefused = publishRefused;
      publishRefused = false;
      if (wasRefused) recover();
    } catch (error) {
      logger.debug({ err: error }, 'a hint was lost');
      if (!publishing.isReady() || closed) return;
      publishRefused = true;
      miss('Redis refuses PUBLISH', error);
    }
  }

  async function checkCluster(): Promise<void> {
    const wasSeparate = separate;
    separate = await publisher.cluster('INFO').then(
      () => false,
      (error: unknown) => /cluster support disabled/.test(String(error)),
    );
    if (separate) miss('Redis is several servers that are no cluster');
    else if (wasSeparate) recover();
  }

  const hasDatabase = location.nodes.some(({ db }) => db !== 0);
  const refused = new Promise<string>(resolve => {
    subscriber.on('error', ({ message }: Error) => {
      if (hasDatabase && /DB index|invalid DB|SELECT is not allowed/i.test(message)) {
        resolve(`Redis refuses the database in its path: ${message}`);
      }
    });
  });
  const subscribedOnce = new Promise<void>(resolve => {
    subscriber.on('ready', () => void subscribe().then(resolve));
  });
  const checkedOnce = new Promise<void>(resolve => {
    if (location.nodes.length === 1) resolve();
    else publisher.on('ready', () => void checkCluster().then(resolve));
  });
  const opening = Promise.all([subscribedOnce, checkedOnce]).then(() =>
    separate ? 'several servers must be the nodes of one cluster, and these are none' : undefined,
  );
  const problem = await Promise.race([refused, opening, sleep(introduction, undefined, { ref: false })]);

  /** Checks each connection by a PING, and retries a rejected SUBSCRIBE or PUBLISH. */
  const beat = setInterval(() => {
    for (const { redis, isReady } of [publishing, listening]) {
      // While a connection is reopened, a PING would wait for it, and the next PING behind the first.
      if (isReady()) redis.ping().catch(() => undefined);
    }
    if (listening.isReady() && !(subscribed && subscriber.mode === 'subscriber')) void subscribe();
    // This hint has no content and only wakes projectors, so it is a safe test of PUBLISH.
    if (publishing.isReady() && publishRefused) void publish('appended', {});
  }, pulse);

  function close(): Promise<void> {
    closed = true;
    clearInterval(beat);
    subscriber.removeAllListeners('close');
    publishing.close();
    listening.close();
    return Promise.resolve();
  }

  if (problem !== undefined) {
    await close();
    throw new StartError(`REDIS_URL: ${problem}`);
  }
  // Without a connection that ends, nothing else reports it: Redis may hang, or no sentinel may answer.
  if (!isSubscribed()) miss(away);
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
