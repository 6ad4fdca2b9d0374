import type { Finding } from './findings.ts';
import type { History, Logged, Observed, Received } from './history.ts';

/**
 * Whether a feed is exactly the log from its start position, as its viewer may see it, and complete at each quiet
 * time.
 */
export function feedFindings(subscriber: Observed, { log, quiets }: Pick<History, 'log' | 'quiets'>): Finding[] {
  const { kind, name: who, connections } = subscriber;
  if (kind !== 'orderEvents' && kind !== 'eventsAppended') return [];
  const expected = log.filter(event => kind === 'eventsAppended' || event.streamId === subscriber.id);
  const found: Finding[] = [];
  for (const { received, after, foreign } of connections) {
    if (foreign) continue;
    const from = expected.filter(({ position }) => position > (after ?? ''));
    const events = received.filter(frame => frame.kind === 'EVENT');
    const wrong = events.findIndex((frame, index) => !isThat(frame, from[index], subscriber));
    if (wrong < 0) continue;
    const there = from[wrong] ? `${from[wrong].type} at ${from[wrong].position}` : 'nothing';
    const got = JSON.stringify({ position: events[wrong]?.position, ...events[wrong]?.event });
    found.push({ rule: 'a feed equals the log', who, what: `${got} where the log has ${there}` });
  }
  for (const { until, events } of quiets) {
    const whole = new Set(log.slice(0, events));
    const due = expected.filter(event => whole.has(event)).length;
    const had = new Set(
      connections.flatMap(({ received }) =>
        received.filter(({ kind: what, at }) => what === 'EVENT' && at <= until).map(({ position }) => position),
      ),
    ).size;
    if (had < due) found.push({ rule: 'all get the final state', who, what: `${had} of ${due} events` });
  }
  return found;
}

function isThat({ position, event }: Received, logged: Logged | undefined, { viewer }: Observed): boolean {
  if (!event || !logged) return false;
  // Customers do not see which staff member acted.
  const masked = viewer.role === 'customer' && logged.actor.role === 'staff';
  const actor = masked ? 'staff' : logged.actor.subject;
  const { type, version } = logged;
  return position === logged.position && event.type === type && event.version === version && event.actor === actor;
}
