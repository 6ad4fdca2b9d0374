import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { pause } from '../../async/pause.ts';
import { withTimeout } from '../../async/timeout.ts';

/** Keys of this age, ms, are requested again before they are used: so a key that was withdrawn is noticed. */
const maxAgeMs = 60_000;
/**
 * Time between the starts of two requests, ms. Anybody can send tokens with invented key ids, and each of them could be
 * signed by a key that was published a moment ago: this limits the requests that they cause.
 */
export const minIntervalMs = 2_000;
/** Maximum number of tokens that wait for the next request, which may be invented ones. */
const maxWaiting = 1_000;
/** For how long keys are used if the server does not answer, ms: people who have signed in can go on. */
const maxStaleMs = 3_600_000;
/** For how long such keys are used without a wait after a request has failed, ms. */
const retryIntervalMs = 10_000;
const requestTimeoutMs = 5_000;
/** For how long a token whose key is known may wait for newer keys, ms: a slow server must not slow down each caller. */
const maxRefreshWaitMs = 500;

/** Tokens with unknown key ids, which may be invented, wait in such a number that no further one may wait. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting';
}

interface Keys {
  readonly find: JWTVerifyGetKey;
  /** The time at which they were requested, of performance.now(). */
  readonly requestedMs: number;
}

/**
 * The keys at a URL, for jwtVerify(). A token with an unknown key id waits until the keys have been requested after its
 * arrival: so a key is accepted from its first token on.
 * @param locate returns the URL; it is called before each request of the keys
 */
export function openKeySet(locate: () => Promise<string>): JWTVerifyGetKey {
  let keys: Keys | undefined;
  let requestedMs = -Infinity;
  let failedMs = -Infinity;
  let refreshing: Promise<Keys> | undefined;
  let refreshingSinceMs = -Infinity;
  let waiting = 0;

  /** All who want newer keys share one request. */
  function refresh(): Promise<Keys> {
    if (refreshing === undefined) {
      refreshingSinceMs = performance.now();
      refreshing = request().finally(() => {
        refreshing = undefined;
      });
    }
    return refreshing;
  }

  async function request(): Promise<Keys> {
    await pause(requestedMs + minIntervalMs - performance.now());
    requestedMs = performance.now();
    try {
      keys = { find: createLocalJWKSet(await fetchKeys(await locate())), requestedMs };
      return keys;
    } catch (error) {
      failedMs = performance.now();
      throw error;
    }
  }

  async function current(): Promise<Keys> {
    const nowMs = performance.now();
    if (keys === undefined) return refresh();
    if (nowMs < keys.requestedMs + maxAgeMs) return keys;
    const usable = nowMs < keys.requestedMs + maxStaleMs;
    if (usable && nowMs < failedMs + retryIntervalMs) return keys;
    if (!usable) return refresh();
    const known = keys;
    const refreshed = refresh();
    // The time counts from the start of the request: only the tokens that come soon after it wait for it.
    return (await withTimeout(refreshed, refreshingSinceMs + maxRefreshWaitMs - nowMs)) ?? known;
  }

  async function requestedAfter(timeMs: number): Promise<Keys> {
    if (waiting >= maxWaiting) throw new TooManyWaiting('Too many tokens wait for newer keys');
    waiting++;
    try {
      // A request that was under way already may have been answered before the key was published.
      while (keys === undefined || keys.requestedMs < timeMs) await refresh();
      return keys;
    } finally {
      waiting--;
    }
  }

  return async (header, token) => {
    const arrivedMs = performance.now();
    try {
      return await (await current()).find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await requestedAfter(arrivedMs)).find(header, token);
    }
  };
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json, application/jwk-set+json' },
    // Another server is not the one that was configured.
    redirect: 'manual',
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  if (response.status !== 200) throw new Error(`${url} answers with status ${response.status}`);
  return (await response.json()) as JSONWebKeySet;
}
