import type { DocumentNode } from 'graphql';
import { mapItems } from './entity-records.ts';
import type { Data, Variables } from './data.ts';
import type { Overlays } from './overlays.ts';
import { type Selection, selectionOf, typeOf } from './selected-fields.ts';

/** Shows the overlays in the data of an answer. @returns the same object if there is none for it */
export function overlaid(document: DocumentNode, variables: Variables, data: Data, overlays: Overlays): Data {
  const selection = overlays.current.length > 0 ? selectionOf(document, variables) : undefined;
  return selection ? (shown(data, selection, overlays) as Data) : data;
}

function shown(value: unknown, selection: Selection, overlays: Overlays): unknown {
  if (Array.isArray(value)) return mapItems(value, value, item => shown(item, selection, overlays));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Data;
  const type = typeOf(object, selection);
  const { list, keys } = selection.fieldsOf(type);
  const id = keys['id'] === undefined ? undefined : object[keys['id']];
  const entity = typeof id === 'string' ? overlays.apply(`${type}:${id}`, undefined) : undefined;
  let copy: Record<string, unknown> | undefined;
  for (const { key, name, signature, selection: below } of list) {
    const before = object[key];
    // An overlay has the values of fields without arguments.
    const over = below ? undefined : (entity?.[name] ?? undefined);
    const after = below ? shown(before, below, overlays) : over !== undefined && signature === name ? over : before;
    if (after !== before) (copy ??= { ...object })[key] = after;
  }
  return copy ?? object;
}
