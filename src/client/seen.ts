/** The furthest that one client has seen of the log. Give one to all links of a page: what one wrote, all then read. */
export interface Seen {
  readonly position: string | undefined;
  /** An answer or a frame said this position. */
  note(position: string): void;
  /** The log is another one now: what was seen of the old one says nothing about it. */
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
