import type { Closers } from '../src/async/closers.ts';
import type { Scale } from './scale.ts';

/** A promise about speed, and the value that this run measured. */
export interface Bar {
  readonly name: string;
  readonly seen: string;
  readonly held: boolean;
}

export interface Findings {
  /** Every measured value, as JSON for `--save`. */
  readonly figures: object;
  readonly bars: readonly Bar[];
}

export interface Run {
  /** Connection URL of a superuser. The run makes and drops its databases on that server. */
  readonly adminUrl: string;
  readonly scale: Scale;
  /** Registers a closer that runs after the bench. */
  readonly closers: Closers;
  /** Prints a line. */
  readonly say: (line: string) => void;
}

/**
 * One bench of `npm run bench`: it measures, and says which bars hold. A bar that does not hold is a finding, not an
 * error.
 */
export type Bench = (run: Run) => Promise<Findings>;

/** A bar: at least this many times the baseline. */
export function atLeast(name: string, ratio: number, least: number): Bar {
  return { name, seen: `${ratio.toFixed(2)} times, at least ${least} wanted`, held: ratio >= least };
}

/** A bar: at most this many times the baseline. */
export function atMost(name: string, ratio: number, most: number): Bar {
  return { name, seen: `${ratio.toFixed(2)} times, at most ${most} wanted`, held: ratio <= most };
}
