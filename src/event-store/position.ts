/** Bytes of an event's hash in a position: enough to distinguish two logs, and short enough to print. */
export const positionHashBytes = 6;

/** A point in one log: the n-th event and the first bytes of its hash, in hex. Point 0 is before the first event. */
export interface Position {
  readonly point: number;
  readonly hash: string;
}

export const startOfLog: Position = { point: 0, hash: '00'.repeat(positionHashBytes) };

const pointDigits = 13; // hex, for 2^52 and more
const pattern = new RegExp(`^([0-9a-f]{${pointDigits}})-([0-9a-f]{${positionHashBytes * 2}})$`);

/**
 * The public form of a position. The number comes first and has a fixed width, so that positions of one log can be
 * compared as strings.
 */
export function formatPosition(position: Position): string {
  return `${position.point.toString(16).padStart(pointDigits, '0')}-${position.hash}`;
}

/**
 * Parses the public form of a position; undefined if the text has another form. It does not check that the position
 * belongs to this log.
 */
export function parsePosition(token: string): Position | undefined {
  const [, point, hash] = pattern.exec(token) ?? [];
  return point === undefined || hash === undefined ? undefined : { point: Number.parseInt(point, 16), hash };
}

export function samePosition(one: Position, other: Position): boolean {
  return one.point === other.point && one.hash === other.hash;
}
