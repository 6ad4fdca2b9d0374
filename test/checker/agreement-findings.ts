import { isDeepStrictEqual } from 'node:util';
import type { Finding } from './findings.ts';
import type { Observed, Shown } from './history.ts';

/**
 * Whether one version of an order looks the same to all viewers of a role: no viewer sees what only another may see.
 */
export function agreementFindings(subscribers: readonly Observed[]): Finding[] {
  const found: Finding[] = [];
  const first = new Map<string, Shown>();
  for (const { name: who, viewer, connections } of subscribers) {
    const frames = connections.flatMap(({ received, page }) => [
      ...(page ?? []),
      ...received.map(({ order }) => order),
    ]);
    for (const order of frames) {
      if (!order) continue;
      const key = `${viewer.role} ${order.id} ${order.version}`;
      const other = first.get(key) ?? order;
      first.set(key, other);
      if (isDeepStrictEqual(order, other)) continue;
      const what = `${JSON.stringify(order)}, where another ${viewer.role} has ${JSON.stringify(other)}`;
      found.push({ rule: 'one version looks the same', who, what });
    }
  }
  return found;
}
