/**
 * The furthest position that one client has seen. Give one to all links of a page: then each link reads the writes of
 * the others.
 */
export interface Seen {
  readonly position: string | undefined;
  /** A response or a frame had this position. */
  note(position: string): void;
  /** The log was replaced by another one: positions of the old one mean nothing there. */
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
