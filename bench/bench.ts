import type { Closers } from '../src/closers.ts';
import type { Scale } from './scale.ts';

/** Something that must hold, and what was seen of it in this run. */
export interface Bar {
  readonly name: string;
  readonly seen: string;
  readonly held: boolean;
}

export interface Findings {
  /** Everything that was measured, as JSON for `--save`. */
  readonly figures: object;
  readonly bars: readonly Bar[];
}

export interface Run {
  /** A superuser's connection URL: databases are made and dropped beside the one that it names. */
  readonly adminUrl: string;
  readonly scale: Scale;
  /** Closes, after the bench, what it opened. */
  readonly closers: Closers;
  /** Prints a line. */
  readonly say: (line: string) => void;
}

/** One of `npm run bench`: measures, and says what held. A bar that did not hold is a finding, not an error. */
export type Bench = (run: Run) => Promise<Findings>;

/** At least so many times the baseline. */
export function atLeast(name: string, ratio: number, least: number): Bar {
  return { name, seen: `${ratio.toFixed(2)} times, at least ${least} wanted`, held: ratio >= least };
}

/** At most so many times the baseline. */
export function atMost(name: string, ratio: number, most: number): Bar {
  return { name, seen: `${ratio.toFixed(2)} times, at most ${most} wanted`, held: ratio <= most };
}
