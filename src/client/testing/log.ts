const pointDigits = 13;
const hashDigits = 12;
const pattern = new RegExp(`^([0-9a-f]{${pointDigits}})-([0-9a-f]{${hashDigits}})$`);

/** Numbers the changes of a shop. Positions have the format of the server's, so they compare as strings. */
export interface Log {
  /** The position of the newest change. */
  readonly position: string;
  /** @returns the position of the last of these changes */
  append(changes?: number): string;
  /** Whether a position is of this log. */
  holds(position: string): boolean;
  /** Becomes another log, as after the restore of a database. @returns the same place in the new log */
  replace(): (position: string) => string;
  /** Drops all changes. */
  empty(): void;
}

export function createLog(): Log {
  let point = 0;
  let number = 0;

  // Lower than that of an earlier log at the same place: a client that keeps its old position then sees a fall.
  function format(at: number): string {
    const hash =
      at === 0 ? '' : `${(0xf - (number % 0xf)).toString(16)}${at.toString(16).padStart(hashDigits - 1, '0')}`;
    return `${at.toString(16).padStart(pointDigits, '0')}-${hash.padStart(hashDigits, '0')}`;
  }

  return {
    get position() {
      return format(point);
    },
    append(changes = 1) {
      point += changes;
      return format(point);
    },
    holds: position => pointOf(position) <= point && format(pointOf(position)) === position,
    replace() {
      number++;
      return position => format(pointOf(position));
    },
    empty: () => void (point = 0),
  };
}

export function isPosition(text: string): boolean {
  return pattern.test(text);
}

function pointOf(position: string): number {
  return Number.parseInt(position, 16);
}
