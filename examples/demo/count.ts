/** One event of the log. */
export interface Logged {
  readonly position: string;
  readonly orderId: string;
  readonly version: number;
}

/** One frame that a subscriber received; they are counted in the order of arrival. */
export interface Arrived {
  readonly position: string;
  readonly orderId: string;
  readonly version: number;
}

export interface Count {
  readonly lost: number;
  readonly repeated: number;
}

/** Counts a feed: it must contain each event of the log once, in the log's order. */
export function countEvents(log: readonly Logged[], arrived: readonly Arrived[]): Count {
  const received = new Set(arrived.map(({ position }) => position));
  return { lost: log.filter(({ position }) => !received.has(position)).length, repeated: repeated(arrived) };
}

/**
 * Counts a live view, in which changes in quick succession may be one frame. The last change of each order must have
 * arrived, and the position of a frame promises that all changes up to it were delivered before.
 */
export function countStates(log: readonly Logged[], arrived: readonly Arrived[]): Count {
  const last = new Map(log.map(event => [event.orderId, event]));
  const lost = new Set<string>();
  const versions = new Map<string, number>();
  const frames = arrived[Symbol.iterator]();
  let frame = frames.next();
  for (const { position, orderId, version } of [...last.values()].sort(byPosition)) {
    for (; !frame.done && frame.value.position <= position; frame = frames.next()) {
      versions.set(frame.value.orderId, frame.value.version);
    }
    if ((versions.get(orderId) ?? 0) < version) lost.add(orderId);
  }
  return { lost: lost.size, repeated: repeated(arrived) };
}

/** A frame whose position is not after all earlier positions was repeated. */
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

/** The same frames with one lost and one doubled, to prove that the count finds such errors. */
export function planted(arrived: readonly Arrived[]): Arrived[] {
  const middle = Math.floor(arrived.length / 2);
  return [...arrived.slice(0, middle), ...arrived.slice(middle + 1), ...arrived.slice(-1)];
}
