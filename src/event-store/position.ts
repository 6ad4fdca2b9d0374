/** Bytes of an event's hash that a position carries: enough to tell two logs apart, short enough to print. */
export const positionHashBytes = 6;

/** A point in one log: the n-th event and the first bytes of its hash, in hex. Point 0 is before the first event. */
export interface Position {
  readonly point: number;
  readonly hash: string;
}

export const startOfLog: Position = { point: 0, hash: '00'.repeat(positionHashBytes) };

const pointDigits = 13; // 2^52 and more in hex
const pattern = new RegExp(`^([0-9a-f]{${pointDigits}})-([0-9a-f]{${positionHashBytes * 2}})$`);

/** The public token. Fixed width first, so that tokens of one log sort as strings in log order. */
export function formatPosition(position: Position): string {
  return `${position.point.toString(16).padStart(pointDigits, '0')}-${position.hash}`;
}

/** The position that a token says, or undefined where it is none. Whether it is of this log, only the log knows. */
export function parsePosition(token: string): Position | undefined {
  const [, point, hash] = pattern.exec(token) ?? [];
  return point === undefined || hash === undefined ? undefined : { point: Number.parseInt(point, 16), hash };
}

export function samePosition(one: Position, other: Position): boolean {
  return one.point === other.point && one.hash === other.hash;
}
