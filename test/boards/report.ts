import type { MemoryOutcome } from './memory.ts';
import type { QueueOutcome } from './offline-queue.ts';
import type { Outcome } from './run-scenario.ts';

const heads = [
  'scenario',
  'board',
  'rate',
  'falls',
  'wrong',
  'doubles',
  'foreign',
  'rejections',
  'recovery ms',
  'commands',
  'frames',
  'queries',
];

/** A table in Markdown with a row for each outcome. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(one => [
    one.scenario,
    one.board,
    `${one.rate}/s`,
    ...[one.falls, one.wrong, one.doubles, one.foreign, one.failures].map(({ length }) => `${length}`),
    one.recoveries.map(({ ms }) => `${Math.round(ms)}`).join(' ') || '–',
    `${one.commands}`,
    `${one.frames}`,
    one.repeated.length === 0 ? `${one.queries}` : `${one.queries}, ${one.repeated.length} repeated`,
  ]);
  return [heads, heads.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

export function queueLine({ board, queued, applied, refused, wrong }: QueueOutcome): string {
  return `${board}: ${queued} commands queued offline, ${applied} applied, ${refused} refused, ${wrong.length} findings`;
}

export function memoryLine({ board, samples }: MemoryOutcome): string {
  const megabytes = samples.map(bytes => (bytes / 1e6).toFixed(1)).join(' ');
  return `${board}: memory of the page every 30 s, MB: ${megabytes}`;
}
