import type { Bar } from '../bench.ts';
import { shown } from '../statistics.ts';
import type { Condition, Statement } from './condition.ts';
import { everyIndex } from './explained.ts';

const tolerance = 1.3;
/**
 * Differences below this are noise, ms. PostgreSQL measures times in microseconds; a statement that reads one page
 * takes 7 µs if it ran shortly before, and 19 µs if others ran in between.
 */
const noise = 0.015;

/** A line for each statement and condition, compared with the first condition. */
export function tableOf(conditions: readonly Condition[]): string[] {
  const [first] = conditions;
  if (!first) return [];
  return Object.entries(first.statements).flatMap(([text, reference]) => [
    `  ${labelOf(text)}`,
    `    ${reference.plans.join(' or ')}`,
    ...conditions.map(({ name, statements }) => {
      const now = statements[text];
      if (now === undefined) return `      ${name}: not run`;
      const plans = samePlans(now, reference) ? '' : ` · another plan: ${now.plans.join(' or ')}`;
      return (
        `      ${name}: ${now.buffers} buffers (${timesOf(now, reference, 'buffers')}), ` +
        `${shown(now.milliseconds)} ms (${timesOf(now, reference, 'milliseconds')})${plans}`
      );
    }),
  ]);
}

/** What must hold in every condition as in the first. */
export function barsOf(conditions: readonly Condition[]): Bar[] {
  return [planBar(conditions), pageBar(conditions), timeBar(conditions)];
}

interface Pair {
  readonly text: string;
  readonly first: Condition;
  readonly condition: Condition;
  readonly reference: Statement;
  readonly now: Statement;
}

function planBar(conditions: readonly Condition[]): Bar {
  const [other, ...others] = pairs(conditions).filter(({ now, reference }) => !samePlans(now, reference));
  const name = 'each statement keeps its plan';
  if (other === undefined) return { name, seen: 'every one of them', held: true };
  return { name, seen: `not ${placeOf(other)}, and ${others.length} more`, held: false };
}

/** If an index gains a level, each lookup reads one page more. That alone does not count. */
function pageBar(conditions: readonly Condition[]): Bar {
  const pagesMore = ({ first, condition, reference }: Pair): number => {
    const grown = (index: string): number => (condition.levels[index] ?? 0) - (first.levels[index] ?? 0);
    const grownInAll = Object.keys(first.levels).reduce((sum, index) => sum + grown(index), 0);
    return Object.entries(reference.descents)
      .map(([index, descents]) => descents * (index === everyIndex ? grownInAll : grown(index)))
      .reduce((sum, pages) => sum + pages, 0);
  };
  const ratio = (pair: Pair): number => (pair.now.buffers - pagesMore(pair)) / pair.reference.buffers;
  const worst = worstOf(conditions, ratio);
  const name = 'each statement looks at as many pages';
  if (worst === undefined) return nothing(name);
  const { reference, now } = worst;
  const grown = pagesMore(worst);
  const seen = `${reference.buffers} to ${now.buffers}${grown === 0 ? '' : `, ${grown} by levels that its indexes gained`}`;
  return { name, seen: `${wanted(ratio(worst))} (${seen}), ${placeOf(worst)}`, held: ratio(worst) <= tolerance };
}

function timeBar(conditions: readonly Condition[]): Bar {
  const ratio = ({ now, reference }: Pair): number =>
    now.milliseconds - reference.milliseconds < noise ? 1 : now.milliseconds / reference.milliseconds;
  const worst = worstOf(conditions, ratio);
  const name = 'each statement takes as long';
  if (worst === undefined) return nothing(name);
  const seen = `${shown(worst.reference.milliseconds)} to ${shown(worst.now.milliseconds)} ms`;
  return { name, seen: `${wanted(ratio(worst))} (${seen}), ${placeOf(worst)}`, held: ratio(worst) <= tolerance };
}

function worstOf(conditions: readonly Condition[], ratio: (pair: Pair) => number): Pair | undefined {
  return pairs(conditions).sort((one, other) => ratio(other) - ratio(one))[0];
}

function nothing(name: string): Bar {
  return { name, seen: 'nothing was measured', held: false };
}

function wanted(worst: number): string {
  return `at worst ${worst.toFixed(2)} times, at most ${tolerance} wanted`;
}

function placeOf({ text, condition }: Pair): string {
  return `${labelOf(text)} with ${condition.name}`;
}

function pairs([first, ...others]: readonly Condition[]): Pair[] {
  if (first === undefined) return [];
  return others.flatMap(condition =>
    Object.entries(first.statements).flatMap(([text, reference]) => {
      const now = condition.statements[text];
      return now === undefined ? [] : [{ text, first, condition, reference, now }];
    }),
  );
}

function samePlans(one: Statement, other: Statement): boolean {
  return one.plans.join() === other.plans.join();
}

function timesOf(now: Statement, reference: Statement, of: 'buffers' | 'milliseconds'): string {
  return `${(now[of] / reference[of]).toFixed(2)} times`;
}

/** Shortens a statement to its start and end, which identify it: what it selects, and by which condition. */
function labelOf(text: string): string {
  return text.length <= 110 ? text : `${text.slice(0, 50)} … ${text.slice(-56)}`;
}
