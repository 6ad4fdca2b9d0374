import { readFile } from 'node:fs/promises';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { formatPosition, parsePosition, type Position } from '../event-store/position.ts';
import { readHead } from '../event-store/read-log.ts';
import { readErasureList, readUnerased } from '../operator/erasure-list.ts';
import { readReported, type ReportedProcess } from '../operator/processes.ts';
import { deciders, types } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { counted } from './progress.ts';
import type { Report } from './report.ts';

/**
 * `orderstream restore-check`: what a restored database, or one that was promoted, lacks. It changes nothing. It is ok
 * if nothing is lost, no one must be erased again, and each process that reported to the lost database reports here.
 * @param known positions that the lost log had, or files with one a line
 * @param list file of the erasure list; undefined: none is kept
 */
export async function restoreCheck(
  database: Database,
  known: readonly string[],
  list: string | undefined,
): Promise<Report> {
  // First: the rows of processes that report elsewhere are deleted after 30 s.
  const processes = await readReported(database);
  const head = await readHead(database);
  const loss = await readLoss(database, head, await positionsOf(known));
  const listed = list === undefined ? undefined : await readErasureList(list);
  const unerased = listed && (await readUnerased(database, types, deciders, listed));
  const silent = processes.filter(({ isReporting }) => !isReporting);
  return {
    ok: loss?.lost === null && unerased?.length === 0 && silent.length === 0,
    lines: [
      `the log ends at position ${formatPosition(head)} (event ${counted(head.point)})`,
      ...lossLines(loss),
      ...erasureLines(listed, unerased, list),
      ...processes.map(processLine),
    ],
    value: {
      position: formatPosition(head),
      known: loss?.known ?? 0,
      lost: loss?.lost ?? null,
      listedErasures: listed?.length ?? null,
      unerased: unerased ?? [],
      processes,
    },
  };
}

interface Loss {
  /** Number of known positions. */
  readonly known: number;
  /** Null if this log has all of them. */
  readonly lost: {
    /** The last known position that this log has; null if it has none of them. */
    readonly after: string | null;
    /** The last known position of the lost log. */
    readonly to: string;
    /** Minimum and maximum number of events of the lost log that this log lacks. */
    readonly atLeast: number;
    readonly atMost: number;
  } | null;
}

/** @returns undefined if no position is known: then nothing can be said */
async function readLoss(database: Database, head: Position, known: readonly Position[]): Promise<Loss | undefined> {
  if (known.length === 0) return undefined;
  const kept = new Set(await readKept(database, known));
  const lost = known.filter(position => !kept.has(formatPosition(position)));
  const last = lost.at(-1);
  if (last === undefined) return { known: known.length, lost: null };
  const firstLost = lost[0]?.point ?? last.point;
  const lastKept = known.findLast(position => kept.has(formatPosition(position)) && position.point < firstLost);
  // Both logs are the same up to some event between the last position that was kept and the first one that was not.
  const shared = Math.min(firstLost - 1, head.point);
  return {
    known: known.length,
    lost: {
      after: lastKept ? formatPosition(lastKept) : null,
      to: formatPosition(last),
      atLeast: last.point - shared,
      atMost: last.point - (lastKept?.point ?? 0),
    },
  };
}

/** Those of the positions that belong to this log. */
async function readKept(database: Database, positions: readonly Position[]): Promise<readonly string[]> {
  const rows = await database.query<{ position: Position }>(sql`
    SELECT jsonb_build_object('point', known.point, 'hash', known.hash) AS position
    FROM jsonb_to_recordset(${JSON.stringify(positions)}::jsonb) AS known(point bigint, hash text)
    JOIN events e ON e.position = known.point
    WHERE encode(substr(e.hash, 1, 6), 'hex') = known.hash`);
  return rows.map(({ position }) => formatPosition(position));
}

/** In the order of the log. */
async function positionsOf(known: readonly string[]): Promise<readonly Position[]> {
  const found = new Map<string, Position>();
  for (const one of known) {
    for (const position of parsePosition(one) ? [parsePosition(one)] : await positionsIn(one)) {
      if (position && position.point > 0) found.set(formatPosition(position), position);
    }
  }
  return [...found.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, position]) => position);
}

const inText = /[0-9a-f]{13}-[0-9a-f]{12}/;

/** The first position of each line, e.g. of the lines that `orderstream status --json` printed. */
async function positionsIn(file: string): Promise<readonly (Position | undefined)[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new StartError(
      `--known ${file}: it is neither a position like ${formatPosition({ point: 7, hash: '0'.repeat(12) })} nor a file that can be read`,
    );
  });
  return text.split('\n').map(line => parsePosition(inText.exec(line)?.[0] ?? ''));
}

function lossLines(loss: Loss | undefined): string[] {
  if (loss === undefined) return ['what was lost is unknown: give a position of the lost log with --known'];
  const { known, lost } = loss;
  if (lost === null)
    return [
      `nothing is lost: this log has ${known === 1 ? 'the known position' : `all ${counted(known)} known positions`}`,
    ];
  const { after, to, atLeast, atMost } = lost;
  const count = atLeast === atMost ? counted(atLeast, 'event') : `${counted(atLeast)} to ${counted(atMost, 'event')}`;
  return [`lost: ${count} after ${after === null ? 'the start' : `position ${after}`}, up to position ${to} or later`];
}

function erasureLines(
  listed: readonly string[] | undefined,
  unerased: readonly string[] | undefined,
  list: string | undefined,
): string[] {
  if (listed === undefined || unerased === undefined || list === undefined) {
    return ['who must be erased again is unknown: set ERASURE_LIST, or give a list with --erased'];
  }
  if (unerased.length === 0) {
    return [
      `no one must be erased again: ${counted(listed.length, 'customer')} listed, and the erasure of each is in this log`,
    ];
  }
  return [
    ...unerased.map(id => `${id} must be erased again`),
    `erase ${counted(unerased.length, 'customer')} with orderstream erase-customer --from ${list}`,
  ];
}

function processLine({ id, host, roles, seenAt, isReporting }: ReportedProcess): string {
  const what = `process ${id} on ${host} (${roles.join(', ')})`;
  return isReporting
    ? `${what} reports to this database`
    : `${what} reported last at ${seenAt}, and not to this database since: stop it, or see that it connects here`;
}
