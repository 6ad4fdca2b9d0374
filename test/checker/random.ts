/** Random numbers that a seed always gives in the same order (mulberry32, by Tommy Ettinger). */
export interface Random {
  /** A number from 0 up to 1, as Math.random. */
  readonly next: () => number;
  /** An integer from 0 up to `count`, exclusive. */
  readonly below: (count: number) => number;
  readonly oneOf: <Choice>(choices: readonly Choice[]) => Choice;
}

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (count: number): number => Math.floor(next() * count);
  return { next, below, oneOf: choices => choices[below(choices.length)]! };
}
