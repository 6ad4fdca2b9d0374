import type { Finding } from './findings.ts';
import type { Logged, Observed } from './history.ts';

/** Whether the orders that a subscriber was shown equal the log, and never go back to an older version. */
export function stateFindings({ name: who, connections }: Observed, log: ReadonlyMap<string, Logged>): Finding[] {
  const found: Finding[] = [];
  const versions = new Map<string, number>();
  for (const { received, page } of connections) {
    for (const { id, version } of page ?? []) versions.set(id, Math.max(version, versions.get(id) ?? 0));
    for (const { order, position } of received) {
      if (!order) continue;
      const { id, version } = order;
      const before = versions.get(id) ?? 0;
      if (version < before) found.push({ rule: 'versions never fall', who, what: `${id} ${version} after ${before}` });
      versions.set(id, Math.max(version, before));
      const event = log.get(position);
      if (event?.streamId === id && event.version === version) continue;
      const is = event ? `${event.streamId} version ${event.version}` : 'nothing';
      found.push({
        rule: 'a frame equals the log',
        who,
        what: `${id} version ${version} at ${position}, which is ${is}`,
      });
    }
  }
  return found;
}
