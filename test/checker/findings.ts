import type { History } from './history.ts';
import { agreementFindings } from './agreement-findings.ts';
import { connectionFindings } from './connection-findings.ts';
import { feedFindings } from './feed-findings.ts';
import { quietFindings } from './quiet-findings.ts';
import { stateFindings } from './state-findings.ts';

/** Something that no client may ever see. */
export interface Finding {
  readonly rule:
    | 'positions rise'
    | 'no repeat'
    | 'versions never fall'
    | 'a frame equals the log'
    | 'a feed equals the log'
    | 'one version looks the same'
    | 'all get the final state'
    | 'another log is reported'
    | 'a token expires'
    | 'no client error'
    | 'hints wake hubs';
  readonly who: string;
  readonly what: string;
}

/** Maximum time of two thirds of the lone commands to their frame, ms: less than the tick on which a hub falls back. */
const wakesWithin = 700;

/**
 * Maximum time by which half of the connections may outlive their tokens, ms: a busy machine delays some timers, not
 * most.
 */
const endsWithin = 250;

/** Finds every broken promise in the history of a run. Pure, so that each rule has its own test. */
export function findingsOf(history: History): Finding[] {
  const { log, subscribers } = history;
  const byPosition = new Map(log.map(event => [event.position, event]));
  return [
    ...subscribers.flatMap(one => [
      ...connectionFindings(one, history.quiets.at(-1)?.until ?? 0),
      ...stateFindings(one, byPosition),
      ...feedFindings(one, history),
    ]),
    ...agreementFindings(subscribers),
    ...quietFindings(history),
    ...probeFindings(history),
    ...tokenFindings(history),
  ];
}

/** Planned faults that affected nothing: such a run proves less than it claims, so it does not count. */
export function unbitten({ faults }: History): string[] {
  return faults.filter(({ bit }) => bit === 0).map(({ what }) => what);
}

/** Frames with something new. */
export function countUpdates({ subscribers }: Pick<History, 'subscribers'>): number {
  const frames = subscribers.flatMap(({ connections }) => connections.flatMap(({ received }) => received));
  return frames.filter(({ kind }) => kind !== 'PROGRESS' && kind !== 'ERROR').length;
}

function probeFindings({ probes }: History): Finding[] {
  return (['row', 'event'] as const).flatMap((what): Finding[] => {
    const took = probes.map(probe => probe[what]).sort((one, other) => one - other);
    // Not the median: a hint that is published too early still arrives in time if the commit is faster than the
    // reader.
    const late = took[Math.floor((took.length * 2) / 3)];
    if (late === undefined || late <= wakesWithin) return [];
    return [
      { rule: 'hints wake hubs', who: what, what: `one of three lone changes took ${late} ms (of ${took.length})` },
    ];
  });
}

/** Most connections are cut before one has outlived its token for long, so all connections are judged together. */
function tokenFindings({ subscribers, quiets }: History): Finding[] {
  const end = quiets.at(-1)?.until ?? 0;
  const outlived = subscribers
    .flatMap(({ connections }) => connections.map(({ endedAt, expiresAt }) => (endedAt ?? end) - expiresAt))
    .filter(lived => lived > 0)
    .sort((one, other) => one - other);
  const half = outlived[outlived.length >> 1];
  if (half === undefined || half <= endsWithin) return [];
  const what = `half of ${outlived.length} connections were open ${half} ms after their tokens expired, or longer`;
  return [{ rule: 'a token expires', who: 'all', what }];
}
