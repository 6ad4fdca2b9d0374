import type {
  DefinitionNode,
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  FragmentSpreadNode,
  SelectionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import type { Data, Variables } from './data.ts';
import { fieldTypes, possibleTypes } from './schema-facts.ts';

/** A field that the objects in one place of an answer have. */
export interface SelectedField {
  /** The alias, or else the name. */
  readonly key: string;
  readonly name: string;
  /** The name with the values of its arguments, e.g. `orders({"first":20})`. The same text is the same field. */
  readonly signature: string;
  /** Undefined if the field is no object, or if nothing in it has a version. */
  readonly selection: Selection | undefined;
}

/** The fields of the objects of one type. */
export interface SelectedFields {
  readonly list: readonly SelectedField[];
  /** The key of a field, by its name. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What an operation selects of the objects in one place of its answer. */
export interface Selection {
  /** The type in the schema. It may be an interface or a union. */
  readonly type: string;
  /** @param type of the object itself; if it is unknown, the fragments of all types count */
  fieldsOf(type: string | undefined): SelectedFields;
}

interface Context {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
}

/** @param fragmentName without it: the document's operation */
export function selectionOf(
  document: DocumentNode,
  variables: Variables,
  fragmentName?: string,
): Selection | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const values = { ...variables };
  let start: DefinitionNode | undefined;
  for (const definition of document.definitions) {
    if ('typeCondition' in definition) fragments.set(definition.name.value, definition);
    if (!('operation' in definition)) continue;
    start ??= definition;
    for (const one of ('variableDefinitions' in definition && definition.variableDefinitions) || []) {
      const name = one.variable.name.value;
      if (values[name] === undefined && one.defaultValue) values[name] = valueOf(one.defaultValue, {});
    }
  }
  if (fragmentName !== undefined) start = fragments.get(fragmentName);
  const type = start && typeOfDefinition(start);
  if (type === undefined) return undefined;
  return select({ fragments, variables: values }, type, [(start as FragmentDefinitionNode).selectionSet]);
}

/** The type of the objects that a definition selects from; undefined if it selects nothing. */
export function typeOfDefinition(definition: DefinitionNode): string | undefined {
  if (!('selectionSet' in definition)) return undefined;
  if ('typeCondition' in definition) return definition.typeCondition.name.value;
  return { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' }[definition.operation];
}

/** The type of an object in an answer; undefined if only its `__typename` could say it and this is not selected. */
export function typeOf(object: Data, { type }: Selection): string | undefined {
  const possible = possibleTypes[type];
  return possible ? possible.find(name => name === object['__typename']) : type;
}

// The values of the enum `Kind` are compared as texts: the enum would add its whole size to a page.
export function isField(node: SelectionNode): node is FieldNode {
  return (node.kind as string) === 'Field';
}

export function isSpread(node: SelectionNode): node is FragmentSpreadNode {
  return (node.kind as string) === 'FragmentSpread';
}

function select(context: Context, type: string, sets: readonly SelectionSetNode[]): Selection {
  const byType = new Map<string | undefined, SelectedFields>();
  return {
    type,
    fieldsOf(concrete) {
      let fields = byType.get(concrete);
      if (fields === undefined) byType.set(concrete, (fields = collect(context, type, concrete, sets)));
      return fields;
    },
  };
}

function collect(
  context: Context,
  type: string,
  concrete: string | undefined,
  sets: readonly SelectionSetNode[],
): SelectedFields {
  // Fields with the same key are one field, which selects what they all select.
  const setsByKey = new Map<string, SelectionSetNode[]>();
  const list: SelectedField[] = [];
  const keys: Record<string, string> = {};

  function add(node: FieldNode, parent: string): void {
    const name = node.name.value;
    const key = node.alias?.value ?? name;
    const known = setsByKey.get(key);
    const below = known ?? [];
    if (node.selectionSet) below.push(node.selectionSet);
    if (known) return;
    setsByKey.set(key, below);
    const fieldType = fieldTypes[concrete ?? parent]?.[name];
    const selection = fieldType === undefined ? undefined : select(context, fieldType, below);
    keys[name] = key;
    list.push({ key, name, signature: name + argumentsText(node.arguments, context.variables), selection });
  }

  function visit(set: SelectionSetNode, parent: string): void {
    for (const node of set.selections) {
      if (isLeftOut(node.directives, context.variables)) continue;
      if (isField(node)) {
        add(node, parent);
        continue;
      }
      const fragment = isSpread(node) ? context.fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition?.name.value ?? parent;
      if (fragment && applies(condition, concrete)) visit(fragment.selectionSet, condition);
    }
  }

  for (const set of sets) visit(set, type);
  return { list, keys };
}

function applies(condition: string, concrete: string | undefined): boolean {
  return concrete === undefined || condition === concrete || possibleTypes[condition]?.includes(concrete) === true;
}

function isLeftOut(directives: readonly DirectiveNode[] | undefined, variables: Variables): boolean {
  return (directives ?? []).some(({ name, arguments: given }) => {
    const condition = given?.[0] && valueOf(given[0].value, variables);
    return (name.value === 'skip' && condition === true) || (name.value === 'include' && condition === false);
  });
}

function argumentsText(given: FieldNode['arguments'], variables: Variables): string {
  if (!given?.length) return '';
  const values: Record<string, unknown> = {};
  for (const { name, value } of given) {
    // `atLeast` changes when something is read, not what.
    if (name.value !== 'atLeast') values[name.value] = valueOf(value, variables);
  }
  const text = JSON.stringify(values, sorted);
  return text === '{}' ? '' : `(${text})`;
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function valueOf(node: ValueNode, variables: Variables): unknown {
  if ('name' in node) return variables[node.name.value];
  if ('values' in node) return node.values.map(value => valueOf(value, variables));
  if ('fields' in node) {
    return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, valueOf(value, variables)]));
  }
  if (!('value' in node)) return null;
  return /Int|Float/.test(node.kind) ? Number(node.value) : node.value;
}
