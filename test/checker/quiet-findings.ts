import { isDeepStrictEqual } from 'node:util';
import type { Finding } from './findings.ts';
import type { History, Observed, Quiet, Shown } from './history.ts';
import { type Holding, openHolding } from './holding.ts';

/** Whether each subscriber of orders shows, at each quiet time, what a query of the same viewer answers. */
export function quietFindings({ subscribers, quiets }: Pick<History, 'subscribers' | 'quiets'>): Finding[] {
  return subscribers.filter(one => !isFeed(one)).flatMap(subscriber => replayed(subscriber, quiets));
}

function isFeed({ kind }: Observed): boolean {
  return kind === 'orderEvents' || kind === 'eventsAppended';
}

function replayed(subscriber: Observed, quiets: readonly Quiet[]): Finding[] {
  const holding = openHolding(subscriber);
  // A page counts from the first frame after it.
  const steps = subscriber.connections.flatMap(connection =>
    connection.received.map((frame, place) => ({
      at: frame.at,
      take: () => {
        if (place === 0) holding.begin(connection);
        holding.take(frame);
      },
    })),
  );
  let next = 0;
  return quiets.flatMap(({ until, answers }, index) => {
    for (let step = steps[next]; step !== undefined && step.at <= until; step = steps[++next]) step.take();
    const wrong = differenceOf(holding, answers.get(subscriber.name));
    const what = `quiet time ${index + 1}: ${wrong}`;
    return wrong === undefined ? [] : [{ rule: 'all get the final state' as const, who: subscriber.name, what }];
  });
}

/** The difference between what is shown and a query's answer; undefined if there is none. */
export function differenceOf(
  { orders, valid }: Pick<Holding, 'orders' | 'valid'>,
  answer: readonly Shown[] | undefined,
): string | undefined {
  if (answer === undefined) return 'the query did not reach this position';
  if (!valid) return 'it had to query again, and got no answer';
  const extra = [...orders.keys()].find(id => !answer.some(order => order.id === id));
  if (extra !== undefined) return `${extra} is shown, but not in the query`;
  for (const order of answer) {
    const held = orders.get(order.id);
    if (held === undefined) return `${order.id} is missing`;
    if (!isDeepStrictEqual(held, order))
      return `${JSON.stringify(held)} is shown, the query has ${JSON.stringify(order)}`;
  }
  return undefined;
}
