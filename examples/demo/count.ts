/** One event as the log has it. */
export interface Logged {
  readonly position: string;
  readonly orderId: string;
  readonly version: number;
}

/** What one subscriber was handed, in the order in which it came. */
export interface Arrived {
  readonly position: string;
  readonly orderId: string;
  readonly version: number;
}

export interface Count {
  readonly lost: number;
  readonly repeated: number;
}

/** A feed: each event of the log once, in the log's order. */
export function countEvents(log: readonly Logged[], arrived: readonly Arrived[]): Count {
  const had = new Set(arrived.map(({ position }) => position));
  return { lost: log.filter(({ position }) => !had.has(position)).length, repeated: repeated(arrived) };
}

/**
 * A live view, in which changes that come close together are one: each order's last change came, and whatever a frame's
 * position promises ("you have all up to here") was kept at that frame.
 */
export function countStates(log: readonly Logged[], arrived: readonly Arrived[]): Count {
  const last = new Map(log.map(event => [event.orderId, event]));
  const lost = new Set<string>();
  const had = new Map<string, number>();
  const coming = arrived[Symbol.iterator]();
  let frame = coming.next();
  for (const { position, orderId, version } of [...last.values()].sort(byPosition)) {
    for (; !frame.done && frame.value.position <= position; frame = coming.next()) {
      had.set(frame.value.orderId, frame.value.version);
    }
    if ((had.get(orderId) ?? 0) < version) lost.add(orderId);
  }
  return { lost: lost.size, repeated: repeated(arrived) };
}

/** What does not come after all that came before it, came before. */
function repeated(arrived: readonly Arrived[]): number {
  let furthest = '';
  let times = 0;
  for (const { position } of arrived) {
    if (position > furthest) furthest = position;
    else times++;
  }
  return times;
}

function byPosition(one: Logged, other: Logged): number {
  return one.position < other.position ? -1 : 1;
}

/** The same with one frame lost and another there twice: what a count that can fail has to find. */
export function planted(arrived: readonly Arrived[]): Arrived[] {
  const middle = Math.floor(arrived.length / 2);
  return [...arrived.slice(0, middle), ...arrived.slice(middle + 1), ...arrived.slice(-1)];
}
