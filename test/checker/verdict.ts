import { countUpdates, findingsOf, unbitten } from './findings.ts';
import type { History } from './history.ts';

/** The verdict of a run. Invalid: it broke no promise, but did not test everything that it planned. */
export interface Verdict {
  readonly outcome: 'green' | 'invalid' | 'broken';
  /** The report, for people. */
  readonly lines: readonly string[];
}

/** @param least minimum number of updates */
export function verdictOf(history: History, least: number): Verdict {
  const { log, subscribers, quiets, faults } = history;
  const findings = findingsOf(history);
  const missed = unbitten(history);
  const updates = countUpdates(history);
  const connections = subscribers.reduce((sum, one) => sum + one.connections.length, 0);
  const settled = quiets.map(({ from, until }) => `${until - from} ms`).join(', ');
  return {
    outcome: outcomeOf(),
    lines: [
      `${log.length} events, ${subscribers.length} subscribers, ${connections} connections, ${updates} updates`,
      `faults: ${faults.map(({ what, bit }) => `${what} (${bit})`).join(', ')}`,
      `all agree after: ${settled}`,
      ...(updates < least ? [`INVALID: ${least} updates were required`] : []),
      ...missed.map(what => `INVALID: ${what} had no effect`),
      ...findings.slice(0, 20).map(({ rule, who, what }) => `BROKEN: ${rule}: ${who}: ${what}`),
      ...(findings.length > 20 ? [`… ${findings.length} in all`] : []),
    ],
  };

  function outcomeOf(): Verdict['outcome'] {
    if (findings.length > 0) return 'broken';
    return updates < least || missed.length > 0 ? 'invalid' : 'green';
  }
}
