/**
 * The furthest position that one client has seen. Pass one instance to all links of a page: then each link reads the
 * writes of the others.
 */
export interface Seen {
  readonly position: string | undefined;
  /** Counts the logs: answers that were asked of an earlier one are not comparable with later ones. */
  readonly log: number;
  /** Records the position of a response or frame. */
  note(position: string): void;
  /** The log was replaced: positions of the old log are invalid. */
  reset(position?: string): void;
}

/** @param onReset called after each `reset()` */
export function createSeen(onReset?: () => void): Seen {
  let furthest: string | undefined;
  let log = 0;
  return {
    get position() {
      return furthest;
    },
    get log() {
      return log;
    },
    note(position) {
      // Positions of one log sort as strings.
      if (furthest === undefined || position > furthest) furthest = position;
    },
    reset(position) {
      log++;
      furthest = position;
      onReset?.();
    },
  };
}
