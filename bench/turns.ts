/** What each side has, turn by turn. */
export interface Turns<Figure> {
  readonly ours: readonly Figure[];
  readonly theirs: readonly Figure[];
}

/**
 * A B A B …: whatever else the machine does meanwhile, and however it warms up, meets both sides alike. So a ratio is
 * one of two neighbouring turns, and what a run says is the median of those.
 * @param each told of each pair
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

/** One ratio a pair of turns. */
export function ratios<Figure>(
  { ours, theirs }: Turns<Figure>,
  of: (ours: Figure, theirs: Figure) => number,
): readonly number[] {
  return ours.flatMap((our, turn) => {
    const their = theirs[turn];
    return their === undefined ? [] : [of(our, their)];
  });
}
