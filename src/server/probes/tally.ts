import { type Counter, Histogram, type Registry } from 'prom-client';

/** Counts since the last scrape, by label values. */
export interface Tally<Label extends string> {
  /**
   * @param key identifies the labels
   * @param labels called for the first count with this key
   */
  add(key: string, count: number, labels: () => Record<Label, string>): void;
  /** Adds the counts to the Prometheus counter, and resets them. */
  flush(): void;
}

/**
 * A tally is for what is counted per request, frame or socket: a prom-client counter takes ten times as long.
 */
export function openTally<Label extends string>(counter: Counter<Label>): Tally<Label> {
  const counts = new Map<string, { count: number; readonly labels: Record<Label, string> }>();
  return {
    add(key, count, labels) {
      const entry = counts.get(key);
      if (entry) entry.count += count;
      else counts.set(key, { count, labels: labels() });
    },
    flush() {
      for (const { labels, count } of counts.values()) counter.inc(labels, count);
      counts.clear();
    },
  };
}

/** A histogram that is cheap to observe, for the same reason as a tally. It has at most one label. */
export class TalliedHistogram extends Histogram {
  readonly #configuration: Configuration;
  readonly #observed = new Map<string, Observed>();

  constructor(configuration: Configuration) {
    const { name, help, buckets, registers, label } = configuration;
    const labelNames = label === undefined ? [] : [label.name];
    super({ name, help, buckets: [...buckets], registers, labelNames });
    this.#configuration = configuration;
    // All of them begin at zero: otherwise a rate would miss what is observed first.
    for (const value of label?.values ?? ['']) {
      this.#observed.set(value, {
        labels: label === undefined ? {} : { [label.name]: value },
        counts: new Float64Array(buckets.length + 1),
        sum: 0,
      });
    }
  }

  /** @param labelValue one of those of the constructor; empty if there is no label */
  add(labelValue: string, observation: number): void {
    const observed = this.#observed.get(labelValue);
    if (observed === undefined) throw new Error(`${this.#configuration.name} has no label value ${labelValue}`);
    const { buckets } = this.#configuration;
    let bucket = 0;
    while (observation > (buckets[bucket] ?? Infinity)) bucket++;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += observation;
  }

  /** The registry of prom-client reads every histogram by this method. */
  getForPromString() {
    const { name, help } = this.#configuration;
    const values = [...this.#observed.values()].flatMap(observed => this.#series(observed));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }

  #series({ labels, counts, sum }: Observed) {
    const { name, buckets } = this.#configuration;
    let total = 0;
    return [
      ...[...buckets, '+Inf'].map((le, bucket) => ({
        labels: { le },
        sharedLabels: labels,
        value: (total += counts[bucket] ?? 0),
        metricName: `${name}_bucket`,
      })),
      { labels: {}, sharedLabels: labels, value: sum, metricName: `${name}_sum` },
      { labels: {}, sharedLabels: labels, value: total, metricName: `${name}_count` },
    ];
  }
}

interface Configuration {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly registers: Registry[];
  readonly label?: { readonly name: string; readonly values: readonly string[] };
}

interface Observed {
  readonly labels: Readonly<Record<string, string>>;
  /** Observations by bucket, each in the first one that it fits into; the last one has no bound. */
  readonly counts: Float64Array;
  sum: number;
}
