/** Results of each side, turn by turn. */
export interface Turns<Figure> {
  readonly ours: readonly Figure[];
  readonly theirs: readonly Figure[];
}

/**
 * Runs the sides in turns (A B A B …), so that other load on the machine and its warm-up affect both sides alike. A
 * ratio compares two neighbouring turns, and a run reports the median of these ratios.
 * @param each called after each pair of turns
 */
export async function takeTurns<Figure>(
  turns: number,
  ours: () => Promise<Figure>,
  theirs: () => Promise<Figure>,
  each: (ours: Figure, theirs: Figure) => void,
): Promise<Turns<Figure>> {
  const taken: { ours: Figure[]; theirs: Figure[] } = { ours: [], theirs: [] };
  for (let turn = 0; turn < turns; turn++) {
    const our = await ours();
    const their = await theirs();
    taken.ours.push(our);
    taken.theirs.push(their);
    each(our, their);
  }
  return taken;
}

/** One ratio for each pair of turns. */
export function ratios<Figure>(
  { ours, theirs }: Turns<Figure>,
  of: (ours: Figure, theirs: Figure) => number,
): readonly number[] {
  return ours.flatMap((our, turn) => {
    const their = theirs[turn];
    return their === undefined ? [] : [of(our, their)];
  });
}
