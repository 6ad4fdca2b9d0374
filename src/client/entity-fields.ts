import type { DocumentNode, SelectionNode, SelectionSetNode } from 'graphql';
import { fieldTypes, possibleTypes, stateFields } from './schema-facts.ts';
import { isField, isSpread, typeOfDefinition } from './selected-fields.ts';

const completed = new WeakMap<DocumentNode, DocumentNode>();

/**
 * Adds to a document what `EntityVersions` needs to compare answers: `__typename`, `id`, `version` and `position` of
 * orders, customers and products; `position` of pages; `version` and `position` of accepted commands. If the document
 * already uses one of these keys for another field of such an object (`version: itemCount`), the key is not added, and
 * such objects of this document are not compared.
 */
export function withEntityFields(document: DocumentNode): DocumentNode {
  let result = completed.get(document);
  if (result === undefined) {
    result = complete(document);
    completed.set(document, result).set(result, result);
  }
  return result;
}

function complete(document: DocumentNode): DocumentNode {
  const taken = takenKeys(document);

  function filled(set: SelectionSetNode, type: string, added: readonly string[]): SelectionSetNode {
    const selections: SelectionNode[] = set.selections.map(node => {
      const below = typeBelow(node, type);
      if (below === undefined || isSpread(node) || !node.selectionSet) return node;
      // An object has the fields already if the fragment is inside a selection of its own type.
      const names = isField(node) ? addedTo(below) : below === type || possibleTypes[below] ? [] : addedTo(below);
      return { ...node, selectionSet: filled(node.selectionSet, below, names) };
    });
    for (const name of added) {
      const has = selections.some(
        node => isField(node) && node.name.value === name && !node.alias && !node.directives?.length,
      );
      if (!has && !taken.has(name)) selections.push(made({ kind: 'Field', name: { kind: 'Name', value: name } }));
    }
    // The interface itself has no version: each of its types has.
    for (const possible of (type === 'Node' && possibleTypes[type]) || []) {
      if (!added.length || selections.some(node => typeBelow(node, '') === possible)) continue;
      selections.push(
        made({
          kind: 'InlineFragment',
          typeCondition: { kind: 'NamedType', name: { kind: 'Name', value: possible } },
          selectionSet: filled(made({ kind: 'SelectionSet', selections: [] }), possible, addedTo(possible)),
        }),
      );
    }
    return { ...set, selections };
  }

  // urql recognises a document by its key, and takes its text from `loc`: both belong to the document as it was.
  const { __key: _, loc: __, ...rest } = document as DocumentNode & { readonly __key?: unknown };
  return {
    ...rest,
    definitions: document.definitions.map(definition => {
      const type = typeOfDefinition(definition);
      if (type === undefined) return definition;
      const { selectionSet } = definition as { readonly selectionSet: SelectionSetNode };
      return { ...definition, selectionSet: filled(selectionSet, type, addedTo(type)) } as typeof definition;
    }),
  };
}

/** The keys that the document uses for another field in an object that `withEntityFields` adds fields to. */
function takenKeys(document: DocumentNode): Set<string> {
  const taken = new Set<string>();
  function note({ selections }: SelectionSetNode, type: string): void {
    for (const node of selections) {
      if (isField(node) && node.alias && node.alias.value !== node.name.value && addedTo(type).length) {
        taken.add(node.alias.value);
      }
      const below = typeBelow(node, type);
      if (below !== undefined && !isSpread(node) && node.selectionSet) note(node.selectionSet, below);
    }
  }
  for (const definition of document.definitions) {
    const type = typeOfDefinition(definition);
    if (type !== undefined) note((definition as { readonly selectionSet: SelectionSetNode }).selectionSet, type);
  }
  return taken;
}

function addedTo(type: string): readonly string[] {
  const names = stateFields[type] ?? (type in possibleTypes ? '' : undefined);
  return names === undefined ? [] : `__typename ${names}`.trim().split(' ');
}

/** The type of the objects inside a node; `parent` is the type of the objects that it selects from. */
function typeBelow(node: SelectionNode, parent: string): string | undefined {
  if (isField(node)) return fieldTypes[parent]?.[node.name.value];
  return isSpread(node) ? undefined : (node.typeCondition?.name.value ?? parent);
}

/** A new node. Its kind is a plain text here, because the enum of the kinds would add its whole size to a page. */
function made<Node>(node: object): Node {
  return node as Node;
}
