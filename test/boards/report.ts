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
