import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;
/** What an operation costs with these variables: a finite number. */
export type Cost = (variables: Variables) => number;

/** One reckoning: the variables, and what each fragment came to, so that no fragment is reckoned once for each spread. */
interface Reckoning {
  readonly sizeGiven: (variable: string) => number | undefined;
  readonly fragments: Map<Part, number>;
}
type Term = (reckoning: Reckoning) => number;

/** Rows of a page that says no size; as page-arguments.ts has it. */
const defaultPage = 20;
/** What says how many rows a field has. */
const sizeArguments: ReadonlySet<string> = new Set(['first', 'last', 'limit', 'ids']);
/** Rows that a list without a size is taken to have: an order's lines, a customer's totals. */
const assumedRows = 5;

/** A cost that may depend on variables: most parts do not, and are added up once. */
interface Part {
  readonly fixed: number;
  readonly varying: readonly Term[];
}
const nothing: Part = { fixed: 0, varying: [] };

const compiled = new WeakMap<OperationDefinitionNode, Cost>();

/**
 * How many objects an operation asks for: each costs 1, with what is below a list counted as often as the list has
 * rows by its `first`, `last`, `limit` or `ids`. Scalars are free, they come with their object. Reckoned once.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, operationName?: string | null): Cost {
  const operation = getOperationAST(document, operationName);
  // Which operation is meant is the executor's to say; one that there is not costs nothing.
  if (!operation) return () => 0;
  const cost = compiled.get(operation) ?? compile(schema, document, operation);
  compiled.set(operation, cost);
  return cost;
}

function compile(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Cost {
  const root = schema.getRootType(operation.operation);
  if (!root) return () => 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const defaults = defaultsOf(operation);
  const { fixed, varying } = new Reckoner(schema, fragments).selections(operation.selectionSet, root);
  if (varying.length === 0) return () => saturated(fixed);
  return given => {
    // By name: a copy of all that was given would take its time whatever the document takes of it.
    const sizeGiven = (name: string) => (Object.hasOwn(given, name) ? sizeOf(given[name]) : defaults.get(name));
    return saturated(sum(fixed, varying, { sizeGiven, fragments: new Map<Part, number>() }));
  };
}

/** Fragments that double can cost more than a double holds, and neither JSON nor a metric takes Infinity. */
function saturated(cost: number): number {
  return Math.min(cost, Number.MAX_SAFE_INTEGER);
}

function defaultsOf({ variableDefinitions }: OperationDefinitionNode): ReadonlyMap<string, number> {
  const defaults = (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => {
    const size = defaultValue && sizeWritten(defaultValue);
    return size === undefined ? [] : [[variable.name.value, size] as const];
  });
  return new Map(defaults);
}

function sum(fixed: number, varying: readonly Term[], reckoning: Reckoning): number {
  let total = fixed;
  for (const term of varying) total += term(reckoning);
  return total;
}

/** A fragment's part as one term, whose value is reckoned once: its value may be asked for 2^n times by n fragments. */
function shared(part: Part): Part {
  if (part.varying.length === 0) return part;
  const term: Term = reckoning => {
    const known = reckoning.fragments.get(part);
    if (known !== undefined) return known;
    const cost = sum(part.fixed, part.varying, reckoning);
    reckoning.fragments.set(part, cost);
    return cost;
  };
  return { fixed: 0, varying: [term] };
}

class Reckoner {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #known = new Map<string, Part>();

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  selections({ selections }: SelectionSetNode, type: GraphQLNamedType): Part {
    let fixed = 0;
    const varying: Term[] = [];
    for (const selection of selections) {
      const part =
        selection.kind === Kind.FIELD
          ? this.#field(selection, type)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? this.#spread(selection.name.value)
            : this.selections(selection.selectionSet, this.#typeNamed(selection.typeCondition?.name.value) ?? type);
      fixed += part.fixed;
      varying.push(...part.varying);
    }
    return { fixed, varying };
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name);
  }

  #spread(name: string): Part {
    const known = this.#known.get(name);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    const type = this.#typeNamed(fragment?.typeCondition.name.value);
    const part = fragment && type ? shared(this.selections(fragment.selectionSet, type)) : nothing;
    this.#known.set(name, part);
    return part;
  }

  #field(node: FieldNode, parent: GraphQLNamedType): Part {
    const field = fieldOf(parent, node.name.value);
    const type = field && getNamedType(field.type);
    if (!field || !type || !node.selectionSet || !isCompositeType(type)) return nothing;
    // What the schema says of itself is in memory, and of its own size.
    if (isIntrospectionType(type)) return { fixed: 1, varying: [] };
    const inner = this.selections(node.selectionSet, type);
    const rows = rowsOf(node, field);
    if (typeof rows === 'number') {
      const { varying } = inner;
      const fixed = rows * (1 + inner.fixed);
      return varying.length === 0 ? { fixed, varying } : { fixed, varying: [one => rows * sum(0, varying, one)] };
    }
    return { fixed: 0, varying: [one => rows(one) * sum(1 + inner.fixed, inner.varying, one)] };
  }
}

function fieldOf(type: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(type) || (isAbstractType(type) && isInterfaceType(type)) ? type.getFields()[name] : undefined;
}

/** How often what is below a field is asked for. A page's size stands at the connection, whose rows are one list of it. */
function rowsOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number | Term {
  const sizes = (node.arguments ?? []).filter(({ name }) => sizeArguments.has(name.value)).map(({ value }) => value);
  const written = sizes.flatMap(value => sizeWritten(value) ?? []);
  const variables = sizes.flatMap(value => (value.kind === Kind.VARIABLE ? [value.name.value] : []));
  // The largest: one that is null, or left out as a variable, says nothing, and what the others say then holds.
  if (variables.length > 0) {
    return ({ sizeGiven }) => largest([...written, ...variables.flatMap(name => sizeGiven(name) ?? [])]);
  }
  if (written.length > 0) return largest(written);
  if (field.args.some(({ name }) => name === 'first')) return defaultPage;
  if (!isList(field.type)) return 1;
  // Rows of a page are counted where its size stands.
  return field.name === 'nodes' || field.name === 'edges' ? 1 : assumedRows;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

function sizeWritten(value: ValueNode): number | undefined {
  if (value.kind === Kind.INT) return Number(value.value);
  return value.kind === Kind.LIST ? value.values.length : undefined;
}

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' ? value : undefined;
}

function largest(sizes: readonly number[]): number {
  return sizes.length === 0 ? defaultPage : Math.max(...sizes.map(sized));
}

/** What is no Int is refused by the executor, in its own words: it costs 1, as nothing is free. */
function sized(rows: number): number {
  return rows < 2 ** 31 ? Math.max(1, Math.trunc(rows)) : 1;
}
