/**
 * The furthest position that one client has seen. Pass one instance to all links of a page: then each link reads the
 * writes of the others.
 */
export interface Seen {
  readonly position: string | undefined;
  /** Records the position of a response or frame. */
  note(position: string): void;
  /** The log was replaced: positions of the old log are invalid. */
  reset(position?: string): void;
}

export function createSeen(): Seen {
  let furthest: string | undefined;
  return {
    get position() {
      return furthest;
    },
    note(position) {
      // Positions of one log sort as strings.
      if (furthest === undefined || position > furthest) furthest = position;
    },
    reset(position) {
      furthest = position;
    },
  };
}
