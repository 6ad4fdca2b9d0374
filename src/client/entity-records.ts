/**
 * What is known of one field. The value is a scalar as it was received; null; a `StateRecord` for an object that belongs
 * to its parent; a key (a text) for an object that has a record of its own; or a list of these.
 */
export interface Slot {
  readonly value: unknown;
  /** The position of the object when the value was read. */
  readonly position: string;
}

/** The known fields of one state of an object, by their signature. */
export interface StateRecord {
  /** Undefined if no answer said it. */
  readonly type: string | undefined;
  readonly fields: ReadonlyMap<string, Slot>;
}

/** The newest known state of an object that has a version. */
export interface EntityRecord {
  /** The position, for a page. */
  readonly version: number | string;
  readonly position: string;
  readonly state: StateRecord;
  touchedMs: number;
}

/**
 * Adds what another answer says of the same version. If both know a field, the later position wins: values that come
 * from other objects may have changed. @returns the same object if nothing is new
 */
export function mergeStates(known: StateRecord, received: StateRecord): StateRecord {
  let fields: Map<string, Slot> | undefined;
  for (const [signature, slot] of received.fields) {
    const before = known.fields.get(signature);
    const merged = before ? mergeSlots(before, slot) : slot;
    if (merged !== before) (fields ??= new Map(known.fields)).set(signature, merged);
  }
  return fields ? { type: known.type, fields } : known;
}

export function mergeSlots(before: Slot, received: Slot): Slot {
  const value = mergeValues(before.value, received.value, before.position, received.position);
  const position = received.position > before.position ? received.position : before.position;
  return value === before.value && position === before.position ? before : { value, position };
}

function mergeValues(before: unknown, received: unknown, beforeAt: string, receivedAt: string): unknown {
  if (isStateRecord(before) && isStateRecord(received) && before.type === received.type) {
    return mergeStates(before, received);
  }
  if (Array.isArray(before) && Array.isArray(received) && before.length === received.length) {
    return mapItems(received, before, (item, known) => mergeValues(known, item, beforeAt, receivedAt));
  }
  // In one state, null instead of a value is an error of that answer.
  const wins = receivedAt === beforeAt ? received !== null : receivedAt > beforeAt;
  return wins && !isSame(before, received) ? received : before;
}

export function isStateRecord(value: unknown): value is StateRecord {
  return typeof value === 'object' && value !== null && 'fields' in value && value.fields instanceof Map;
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
  let isChanged = items.length !== before?.length;
  const mapped: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const value = map(item, before?.[index], index);
    if (value === undefined) return undefined;
    if (value !== before?.[index]) isChanged = true;
    mapped.push(value);
  }
  return isChanged ? mapped : before;
}
