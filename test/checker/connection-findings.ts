import type { Finding } from './findings.ts';
import type { Connection, Observed, Received } from './history.ts';

/**
 * A timer of a busy machine may fire this late, ms, and this process may notice it this late, while hundreds of
 * clients connect.
 */
const grace = 5_000;

/** Broken promises within one connection: order, repeats, foreign positions, tokens, errors. */
export function connectionFindings(subscriber: Observed, end: number): Finding[] {
  const { name: who, connections } = subscriber;
  return connections.flatMap((connection, index) => {
    const where = `connection ${index + 1}`;
    return [
      ...orderFindings(connection),
      ...foreignFindings(connection),
      ...tokenFindings(connection, end),
      ...errorFindings(connection),
    ].map(({ rule, what }) => ({ rule, who, what: `${where}: ${what}` }));
  });
}

type Found = Pick<Finding, 'rule' | 'what'>;

function orderFindings({ after, foreign, received }: Connection): Found[] {
  const found: Found[] = [];
  const seen = new Set<string>();
  let last = foreign ? '' : (after ?? '');
  for (const { kind, position } of received) {
    if (kind === 'ERROR') continue;
    if (kind === 'RESYNC') last = '';
    // PROGRESS may repeat a position; an update may not.
    const rises = kind === 'PROGRESS' ? position >= last : position > last;
    if (!rises) found.push({ rule: 'positions rise', what: `${kind} at ${position} after ${last}` });
    if (kind !== 'PROGRESS' && seen.has(position)) found.push({ rule: 'no repeat', what: `${kind} at ${position}` });
    if (kind !== 'PROGRESS') seen.add(position);
    last = position;
  }
  return found;
}

function foreignFindings({ foreign, after, received }: Connection): Found[] {
  const [first] = received;
  if (foreign) {
    if (first === undefined || first.kind === 'RESYNC' || first.kind === 'ERROR') return [];
    return [{ rule: 'another log is reported', what: `${first.kind} after ${after}, which is of no event` }];
  }
  const resync = received.find(({ kind, code }) => kind === 'RESYNC' || code === 'STALE_POSITION');
  return resync
    ? [{ rule: 'another log is reported', what: `${resync.kind} after ${after}, which is of this log` }]
    : [];
}

function tokenFindings({ expiresAt, received, endedAt }: Connection, end: number): Found[] {
  const late = received.find(({ kind, at }) => kind !== 'ERROR' && at > expiresAt + grace);
  if (late)
    return [{ rule: 'a token expires', what: `a frame arrived ${late.at - expiresAt} ms after its token expired` }];
  const lived = (endedAt ?? end) - expiresAt;
  return lived > grace ? [{ rule: 'a token expires', what: `it stayed open ${lived} ms after its token expired` }] : [];
}

function errorFindings({ received, foreign, expiresAt }: Connection): Found[] {
  function isFair({ code, at }: Received): boolean {
    if (code === 'UNAUTHENTICATED') return at >= expiresAt;
    return code === 'UNAVAILABLE' || (code === 'STALE_POSITION' && foreign);
  }
  const unfair = received.filter(frame => frame.kind === 'ERROR' && !isFair(frame));
  return unfair.map(({ code }) => ({ rule: 'no client error', what: code ?? 'an error without a code' }));
}
