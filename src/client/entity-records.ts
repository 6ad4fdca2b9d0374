type Fields = Readonly<Record<string, unknown>>;

/** The known fields of one state of an object. */
export class StateRecord {
  /** Undefined if no answer said it. */
  readonly type: string | undefined;
  /** The position of the object when the fields were read. */
  readonly position: string;
  /**
   * By signature: a scalar as it was received; null; a `StateRecord` for an object that belongs to this one; a key (a text)
   * for an object that has its own record; or a list of these.
   */
  readonly fields: Fields;
  /** Positions of the fields that were read earlier, by signature. */
  readonly earlier: Readonly<Record<string, string>> | undefined;

  constructor(type: string | undefined, position: string, fields: Fields, earlier?: StateRecord['earlier']) {
    this.type = type;
    this.position = position;
    this.fields = fields;
    this.earlier = earlier;
  }
}

/** The newest known state of an object that has a version. The version of a page is its position. */
export interface EntityRecord {
  readonly version: number | string;
  readonly state: StateRecord;
  touchedMs: number;
}

/**
 * Adds what another answer says of the same version. If both know a field, the later position wins: values that come
 * from other objects may have changed. @returns the same object if nothing is new
 */
export function mergeStates(known: StateRecord, received: StateRecord): StateRecord {
  let fields: Record<string, unknown> | undefined;
  for (const signature in received.fields) {
    const value = received.fields[signature];
    const before = known.fields[signature];
    const knownAt = known.earlier?.[signature] ?? known.position;
    const merged = before === undefined ? value : mergeValues(before, value, knownAt, received.position);
    if (merged !== before) (fields ??= { ...known.fields })[signature] = merged;
  }
  if (known.position !== received.position || known.earlier) {
    return joined(known, received, fields ?? known.fields);
  }
  return fields ? new StateRecord(known.type, known.position, fields) : known;
}

/** Keeps for each field the position at which it was read. */
function joined(known: StateRecord, received: StateRecord, fields: Fields): StateRecord {
  const position = later(known.position, received.position);
  const earlier: Record<string, string> = {};
  for (const signature of Object.keys(fields)) {
    const knownAt = signature in known.fields ? (known.earlier?.[signature] ?? known.position) : '';
    const at = later(knownAt, signature in received.fields ? received.position : '');
    if (at !== position) earlier[signature] = at;
  }
  return new StateRecord(known.type, position, fields, earlier);
}

function later(left: string, right: string): string {
  return left > right ? left : right;
}

/** @returns `before` if it is the same or wins */
export function mergeValues(before: unknown, received: unknown, beforeAt: string, receivedAt: string): unknown {
  if (before instanceof StateRecord && received instanceof StateRecord && before.type === received.type) {
    return mergeStates(before, received);
  }
  if (Array.isArray(before) && Array.isArray(received) && before.length === received.length) {
    return mapItems(received, before, (item, known) => mergeValues(known, item, beforeAt, receivedAt));
  }
  // In one state, null instead of a value is an error of that answer.
  const wins = receivedAt === beforeAt ? received !== null : receivedAt > beforeAt;
  return wins && !isSame(before, received) ? received : before;
}

/** Whether two scalars are equal. Lists of scalars and JSON are compared by their content. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && JSON.stringify(left) === JSON.stringify(right);
}

/**
 * Maps a list, beside what it was before.
 * @returns `before` if all items are the same; undefined if an item is undefined
 */
export function mapItems(
  items: readonly unknown[],
  before: readonly unknown[] | undefined,
  map: (item: unknown, before: unknown, index: number) => unknown,
): readonly unknown[] | undefined {
  const mapped = items.map((item, index) => map(item, before?.[index], index));
  if (mapped.includes(undefined)) return undefined;
  return before?.length === mapped.length && mapped.every((item, index) => item === before[index]) ? before : mapped;
}
