import type { DocumentNode } from 'graphql';
import { ownFields } from './command-inputs.ts';
import type { Data, Variables } from './data.ts';
import { type SelectedFields, type Selection, selectionOf, typeOf } from './selected-fields.ts';

/** What a query on the screen shows. */
export interface ActiveResult {
  readonly document: DocumentNode;
  readonly variables: Variables;
  readonly data: Data;
}

type Visit = (key: string, object: Data, fields: SelectedFields) => void;

/** Calls `visit` for each customer, order and product in a result, wherever it is. */
export function visitEntities({ document, variables, data }: ActiveResult, visit: Visit): void {
  const selection = selectionOf(document, variables);
  if (selection) walk(data, selection, visit);
}

function walk(value: unknown, selection: Selection, visit: Visit): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, selection, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const object = value as Data;
  const type = typeOf(object, selection);
  const fields = selection.fieldsOf(type);
  const id = object[fields.keys['id'] ?? ''];
  if (type !== undefined && type in ownFields && typeof id === 'string') visit(`${type}:${id}`, object, fields);
  for (const { key, selection: below } of fields.list) if (below) walk(object[key], below, visit);
}
