import { setTimeout as sleep } from 'node:timers/promises';
import { stopwatch } from '../support/standstill.ts';
import { token } from '../support/tokens.ts';
import { askQuery } from './ask-query.ts';
import type { Logged, Quiet, Shown, Watched } from './history.ts';
import { differenceOf } from './quiet-findings.ts';
import type { Subscriber } from './subscriber.ts';

/** Within this time, ms in which the machine runs, every subscriber has the final state after the last change. */
const settleTimeoutMs = 5_000;
const pause = 50;

/**
 * Waits until every subscriber shows what its query answers, or the time is over: the checker decides which of both
 * happened.
 */
export async function settle(
  subscribers: readonly Subscriber[],
  log: readonly Logged[],
  urls: readonly string[],
): Promise<Quiet> {
  const from = Date.now();
  const passed = stopwatch();
  const head = log.at(-1)?.position ?? '';
  const answers = new Map<string, readonly Shown[]>();
  const asked = new Map<string, Promise<readonly Shown[] | undefined>>();

  /** Without `atLeast`: a query that waits would wake the hub, and hide a missed hint. */
  async function ask(watched: Watched, url: string): Promise<readonly Shown[] | undefined> {
    const { role, subject: sub } = watched.viewer;
    const bearer = await token({ role, sub });
    while (passed() < settleTimeoutMs) {
      const answer = await askQuery(url, bearer, watched).catch(() => undefined);
      if (answer && (watched.kind === 'orderUpdated' || answer.position >= head)) return answer.orders;
      await sleep(pause);
    }
    return undefined;
  }

  function isSettled({ kind, id, name, events, holding }: Subscriber): boolean {
    if (kind === 'eventsAppended') return events >= log.length;
    if (kind === 'orderEvents') return events >= log.filter(({ streamId }) => streamId === id).length;
    return differenceOf(holding, answers.get(name)) === undefined;
  }

  const orders = subscribers.filter(({ kind }) => kind !== 'eventsAppended' && kind !== 'orderEvents');
  await Promise.all(
    orders.map(async (one, index) => {
      const { role, subject } = one.viewer;
      const key = JSON.stringify([one.kind, one.id, one.statusIn, role, role === 'staff' ? '' : subject]);
      const answer = asked.get(key) ?? ask(one, urls[index % urls.length]!);
      asked.set(key, answer);
      const shown = await answer;
      if (shown) answers.set(one.name, shown);
    }),
  );
  while (passed() < settleTimeoutMs && !subscribers.every(isSettled)) await sleep(pause);
  // A later payload came too late.
  const until = Date.now() - Math.max(0, passed() - settleTimeoutMs);
  return { from, until, events: log.length, answers };
}
