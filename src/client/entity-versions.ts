import type { DocumentNode } from 'graphql';
import { type EntityRecord, isSame, mapItems, mergeStates, mergeValues, StateRecord } from './entity-records.ts';
import type { Data, Variables } from './data.ts';
import { fieldTypes, stateFields } from './schema-facts.ts';
import { type SelectedField, type SelectedFields, type Selection, selectionOf, typeOf } from './selected-fields.ts';

/**
 * The newest known version of each order, customer, product and page. Answers that arrive late get the newer versions
 * from here. Documents must have the fields that `withEntityFields` adds.
 */
export interface EntityVersions {
  /**
   * Records what an answer contains. Objects that are up to date stay the same objects.
   * @returns the data with each entity in its newest known version. Undefined if a field is selected of which only an
   * older version was received: the operation must be sent again.
   */
  admit(document: DocumentNode, variables: Variables, data: Data): Data | undefined;
  /**
   * Brings data that was admitted before up to date, and records nothing. An entity is unchanged if a selected field of
   * its newer version is unknown, and a list keeps its rows, because a cache may have joined pages.
   * @returns the same object if nothing changes
   */
  renew(document: DocumentNode, variables: Variables, data: Data): Data;
  /** Like `renew`, for one object of the type of a fragment. */
  renewEntity(document: DocumentNode, fragmentName: string, variables: Variables, entity: Data): Data;
  /** @param key e.g. `Order:ord_…` */
  known(key: string): { readonly version: number; readonly position: string } | undefined;
  /** The known values of those of the fields that are scalars without arguments. */
  scalars(key: string, names: readonly string[]): Data;
  /** Whether a field without arguments was received in the newest known version. True if the entity is not known at all. */
  knows(key: string, field: string): boolean;
  /**
   * Adds a listener for the keys of entities and pages of which an answer brought something new.
   * @returns a function that removes it
   */
  subscribe(listener: (keys: ReadonlySet<string>) => void): () => void;
  /** Forgets everything: the viewer or the log is another one. */
  clear(): void;
}

/** No request lives longer, so no answer that is older than a dropped record can arrive after it was dropped. */
const keptMs = 60_000;
/** Up to this number, records are kept without a limit of time. */
const keptRecords = 1_000;

interface Identity {
  readonly key: string;
  readonly version: number | string;
  readonly position: string;
}

export function createEntityVersions(): EntityVersions {
  /** The record that was touched last is the last one. */
  const records = new Map<string, EntityRecord>();
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  let nowMs = 0;

  function touched(key: string): EntityRecord | undefined {
    const record = records.get(key);
    if (record && record.touchedMs !== nowMs) put(key, record);
    return record;
  }

  function put(key: string, record: EntityRecord): void {
    record.touchedMs = nowMs;
    records.delete(key);
    records.set(key, record);
  }

  function dropOld(): void {
    for (const [key, { touchedMs }] of records) {
      if (records.size <= keptRecords || touchedMs > nowMs - keptMs) return;
      records.delete(key);
    }
  }

  /** Records an answer. @returns the value as the record of its parent has it */
  function record(value: unknown, selection: Selection, path: string, at: string, changed: Set<string>): unknown {
    if (Array.isArray(value)) {
      return value.map((item, index) => record(item, selection, pathOf(path, index), at, changed));
    }
    if (!isObject(value)) return null;
    const type = typeOf(value, selection);
    const selected = selection.fieldsOf(type);
    const identity = identityOf(value, type, selected, path);
    const place = identity?.key ?? path;
    const position = identity?.position ?? at;
    const fields: Record<string, unknown> = {};
    for (const { key, signature, selection: below } of selected.list) {
      const given = value[key];
      if (given === undefined) continue;
      const stored = below ? record(given, below, pathOf(place, signature), position, changed) : given;
      // A document may select the same field twice, by aliases.
      const twin = fields[signature];
      fields[signature] = twin === undefined ? stored : mergeValues(twin, stored, position, position);
    }
    const state = new StateRecord(type, position, fields);
    if (identity) keep(identity, state, changed);
    return identity?.key ?? state;
  }

  function keep({ key, version }: Identity, state: StateRecord, changed: Set<string>): void {
    const known = touched(key);
    if (known && version < known.version) return;
    const newest = known?.version === version ? mergeStates(known.state, state) : state;
    if (newest === known?.state) return;
    put(key, { version, state: newest, touchedMs: nowMs });
    changed.add(key);
  }

  /** Brings one value of an answer up to date. `isComplete`: it fails (undefined) rather than leave an older version. */
  function renewed(value: unknown, selection: Selection, path: string, isComplete: boolean): unknown {
    if (Array.isArray(value)) {
      return mapItems(value, value, (item, _, index) => renewed(item, selection, pathOf(path, index), isComplete));
    }
    if (!isObject(value)) return value;
    const type = typeOf(value, selection);
    const selected = selection.fieldsOf(type);
    const identity = identityOf(value, type, selected, path);
    const known = identity && touched(identity.key);
    const isJoined = !isComplete && type !== undefined && fieldTypes[type]?.['pageInfo'] !== undefined;
    if (known && known.version >= identity.version && !isJoined) {
      const newest = fromState(known.state, selected, identity.key, isComplete, value);
      if (newest !== undefined || isComplete) return newest;
    }
    const place = identity?.key ?? path;
    return assembled(selected.list, value, ({ signature, selection: below }, before) =>
      below ? renewed(before, below, pathOf(place, signature), isComplete) : before,
    );
  }

  /** @returns undefined if a selected field is not known */
  function fromState(
    state: StateRecord,
    selected: SelectedFields,
    path: string,
    isComplete: boolean,
    before: Data | undefined,
  ): Data | undefined {
    return assembled(selected.list, before, ({ name, signature, selection }, old) => {
      const place = pathOf(path, signature);
      // The version of an object does not cover the pages in it: each has its own.
      if (selection && isPage(selection.type)) {
        return before ? renewed(old, selection, place, isComplete) : fromKey(place, selection, isComplete, undefined);
      }
      const known = state.fields[signature];
      if (known === undefined) return name === '__typename' ? state.type : undefined;
      if (selection) return fromKnown(known, selection, place, isComplete, old);
      return isSame(known, old) ? old : known;
    });
  }

  function fromKnown(
    value: unknown,
    selection: Selection,
    path: string,
    isComplete: boolean,
    before: unknown,
  ): unknown {
    if (Array.isArray(value)) {
      const old: unknown[] | undefined = Array.isArray(before) ? before : undefined;
      return mapItems(value, old, (item, oldItem, index) =>
        fromKnown(item, selection, pathOf(path, index), isComplete, oldItem),
      );
    }
    const old = isObject(before) ? before : undefined;
    if (typeof value === 'string') return fromKey(value, selection, isComplete, old);
    if (!(value instanceof StateRecord)) return null;
    const isAlike = old && typeOf(old, selection) === value.type;
    return fromState(value, selection.fieldsOf(value.type), path, isComplete, isAlike ? old : undefined);
  }

  function fromKey(key: string, selection: Selection, isComplete: boolean, before: Data | undefined): unknown {
    const known = touched(key);
    if (!known) return undefined;
    const { type } = known.state;
    const selected = selection.fieldsOf(type);
    if (before && identityOf(before, typeOf(before, selection), selected, key)?.key === key) {
      return renewed(before, selection, key, isComplete);
    }
    return fromState(known.state, selected, key, isComplete, undefined);
  }

  return {
    admit(document, variables, data) {
      const selection = selectionOf(document, variables);
      if (!selection) return data;
      nowMs = performance.now();
      const changed = new Set<string>();
      const path = rootPath(selection);
      record(data, selection, path, '', changed);
      const newest = renewed(data, selection, path, true) as Data | undefined;
      dropOld();
      if (changed.size > 0) for (const listener of [...listeners]) listener(changed);
      return newest;
    },
    renew(document, variables, data) {
      const selection = selectionOf(document, variables);
      nowMs = performance.now();
      return selection ? (renewed(data, selection, rootPath(selection), false) as Data) : data;
    },
    renewEntity(document, fragmentName, variables, entity) {
      const selection = selectionOf(document, variables, fragmentName);
      nowMs = performance.now();
      return selection ? (renewed(entity, selection, '', false) as Data) : entity;
    },
    known(key) {
      const known = records.get(key);
      if (typeof known?.version !== 'number') return undefined;
      return { version: known.version, position: known.state.position };
    },
    scalars(key, names) {
      const { type = '', fields = {} } = records.get(key)?.state ?? {};
      const isKnownScalar = (name: string) => fields[name] !== undefined && fieldTypes[type]?.[name] === undefined;
      return Object.fromEntries(names.filter(isKnownScalar).map(name => [name, fields[name]]));
    },
    knows(key, field) {
      const known = records.get(key);
      return !known || field.includes('(') || field === '__typename' || known.state.fields[field] !== undefined;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clear() {
      records.clear();
    },
  };
}

/** Pages of queries are kept by their place. Frames and the results of commands are no places. */
function rootPath({ type }: Selection): string {
  return type === 'Query' ? type : '';
}

function pathOf(parent: string, name: string | number): string {
  return parent && `${parent}.${name}`;
}

function isPage(type: string): boolean {
  return stateFields[type] === 'position' || stateFields[type] === '';
}

/** @returns undefined if the object has no version of its own */
function identityOf(
  object: Data,
  type: string | undefined,
  { keys }: SelectedFields,
  path: string,
): Identity | undefined {
  if (type === undefined || !(type in stateFields)) return undefined;
  const valueOf = (name: string) => object[keys[name] ?? ''];
  const [id, version, position] = [valueOf('id'), valueOf('version'), valueOf('position')];
  const at = typeof position === 'string' ? position : '';
  if (isPage(type)) {
    return path && (at || !stateFields[type]) ? { key: path, version: at, position: at } : undefined;
  }
  if (typeof id !== 'string' || typeof version !== 'number') return undefined;
  return { key: `${type}:${id}`, version, position: at };
}

/**
 * @param before the object in an older state; a field that it lacks (because of an error, for instance) is left out
 * @returns `before` if all fields are the same; undefined if a field is undefined
 */
function assembled(
  selected: readonly SelectedField[],
  before: Data | undefined,
  valueOf: (field: SelectedField, before: unknown) => unknown,
): Data | undefined {
  let copy: Record<string, unknown> | undefined = before ? undefined : {};
  for (const field of selected) {
    const old = before?.[field.key];
    if (before && old === undefined) continue;
    const value = valueOf(field, old);
    if (value === undefined) return undefined;
    if (value !== old) (copy ??= { ...before })[field.key] = value;
  }
  return copy ?? before;
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
