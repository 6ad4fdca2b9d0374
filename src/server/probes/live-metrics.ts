import { Counter, Gauge, type Registry } from 'prom-client';
import { openTally } from './tally.ts';

export interface LiveMetrics {
  readonly delivered: (kind: string) => void;
  /** A frame was made, for any number of subscribers. */
  readonly executed: () => void;
  /**
   * A subscription started.
   * @returns called at its end
   */
  readonly subscribed: () => () => void;
  /** The number of open subscriptions. */
  readonly openSubscriptions: () => number;
  /**
   * A group of subscriptions that share their frames was made.
   * @returns called at its end
   */
  readonly grouped: () => () => void;
  readonly flush: () => void;
}

/** Subscriptions and their frames. */
export function openLiveMetrics(registers: Registry[]): LiveMetrics {
  const subscribers = new Gauge({
    name: 'orderstream_subscribers',
    help: 'Open subscriptions.',
    registers,
  });
  const groups = new Gauge({
    name: 'orderstream_subscription_groups',
    help: 'Groups of open subscriptions that share their frames: same document, same variables, same visible data.',
    registers,
  });
  const deliveries = new Counter({
    name: 'orderstream_deliveries_total',
    help: 'Frames sent to subscribers, by kind; after RESYNC a subscriber has to read again.',
    labelNames: ['kind'],
    registers,
  });
  const executions = new Counter({
    name: 'orderstream_frames_executed_total',
    help: 'Frames made; the subscribers of a group share each of them.',
    registers,
  });
  const sent = openTally<'kind'>(deliveries);
  let subscriptions = 0;
  return {
    delivered: kind => sent.add(kind, 1, () => ({ kind })),
    executed: () => executions.inc(),
    subscribed() {
      subscribers.set(++subscriptions);
      return () => subscribers.set(--subscriptions);
    },
    openSubscriptions: () => subscriptions,
    grouped() {
      groups.inc();
      return () => groups.dec();
    },
    flush: () => sent.flush(),
  };
}
