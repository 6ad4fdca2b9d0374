import type { Card, Observed } from './observed.ts';

/** What must not happen on a page, and did. */
export interface Findings {
  /** An order was shown in a version older than one shown before. */
  readonly falls: string[];
  readonly doubles: string[];
  /** Frames and answers of a viewer who was not signed in any more. */
  readonly foreign: string[];
  readonly failures: string[];
  /** An order was shown in a status before the one that it was shown in: what a person did seemed undone. */
  readonly steppedBack: string[];
}

const statuses = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'];

/** Judges what one page reports. */
export interface Judge {
  readonly findings: Findings;
  /** Number of frames so far. */
  readonly frames: number;
  /** Operations that were requested more than once, by how often they were sent. */
  readonly repeated: ReadonlyMap<string, number>;
  readonly queries: number;
  /** Errors in answers over HTTP. */
  readonly errors: readonly string[];
  /** Ids of orders that the current viewer has seen. */
  readonly seen: ReadonlySet<string>;
  /** The current cards by order. */
  readonly cards: ReadonlyMap<string, Card>;
  /** By order, since the page was loaded or the viewer signed in. */
  readonly firstStatuses: ReadonlyMap<string, string>;
  readonly connection: string | undefined;
  take(observed: Observed): void;
  /** Another log is served from now on: versions start again. */
  replaceLog(): void;
  /** The time at which the order was first shown in this version or a later one, ms since 1970. */
  shownAt(id: string, version: number): number | undefined;
}

export function openJudge(): Judge {
  const findings: Findings = { falls: [], doubles: [], foreign: [], failures: [], steppedBack: [] };
  /** The first status of each order since the page was loaded or the viewer signed in. */
  const firstStatuses = new Map<string, string>();
  const lastStatuses = new Map<string, string>();
  const highest = new Map<string, number>();
  const cards = new Map<string, Card>();
  const seen = new Set<string>();
  const requests = new Map<string, number>();
  /** When each version was shown, by order, in order. */
  const times = new Map<string, { readonly version: number; readonly atMs: number }[]>();
  const errors: string[] = [];
  let viewer: string | undefined;
  let frames = 0;
  let connection: string | undefined;

  function show(card: Card, atMs: number): void {
    const before = highest.get(card.id);
    if (before !== undefined && card.version < before) {
      findings.falls.push(`${card.id}: ${before} → ${card.version} (${card.status}) at ${timeOf(atMs)}`);
    }
    if (before === undefined || card.version > before) {
      highest.set(card.id, card.version);
      times.set(card.id, [...(times.get(card.id) ?? []), { version: card.version, atMs }]);
    }
    const last = lastStatuses.get(card.id);
    if (last !== undefined && statuses.indexOf(card.status) < statuses.indexOf(last)) {
      findings.steppedBack.push(`${card.id}: ${last} → ${card.status} at ${timeOf(atMs)}`);
    }
    if (last === undefined) firstStatuses.set(card.id, card.status);
    lastStatuses.set(card.id, card.status);
    cards.set(card.id, card);
    seen.add(card.id);
  }

  function replaceLog(): void {
    highest.clear();
    firstStatuses.clear();
    lastStatuses.clear();
    times.clear();
  }

  function arrive(subject: string, what: string, atMs: number): void {
    if (subject === viewer) return;
    findings.foreign.push(`${what} of ${subject} while ${viewer ?? 'nobody'} is signed in, at ${timeOf(atMs)}`);
  }

  return {
    findings,
    get frames() {
      return frames;
    },
    get repeated() {
      return new Map([...requests].filter(([, count]) => count > 1));
    },
    get queries() {
      return [...requests.values()].reduce((sum, count) => sum + count, 0);
    },
    errors,
    seen,
    cards,
    firstStatuses,
    get connection() {
      return connection;
    },
    take(observed) {
      const { atMs } = observed;
      switch (observed.kind) {
        case 'cards':
          for (const id of observed.gone) cards.delete(id);
          for (const card of observed.changed) show(card, atMs);
          break;
        case 'doubles':
          findings.doubles.push(`${observed.ids.join(', ')} at ${timeOf(atMs)}`);
          break;
        case 'viewer':
          ({ viewer } = observed);
          replaceLog();
          seen.clear();
          break;
        case 'frame':
          frames++;
          arrive(observed.subject, observed.type, atMs);
          if (observed.type === 'RESYNC') replaceLog();
          break;
        case 'request':
          if (observed.operation === 'query') requests.set(observed.key, (requests.get(observed.key) ?? 0) + 1);
          break;
        case 'answer':
          arrive(observed.subject, observed.operation, atMs);
          break;
        case 'errors':
          if (observed.codes.includes('STALE_POSITION')) replaceLog();
          errors.push(`${observed.codes.join()}: ${observed.message}`);
          break;
        case 'connection':
          connection = observed.status;
          break;
        case 'failure':
          findings.failures.push(observed.message);
          break;
      }
    },
    replaceLog,
    shownAt: (id, version) => times.get(id)?.find(time => time.version >= version)?.atMs,
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}
