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
/** Computes the cost of an operation for its variables: a finite number. */
export type Cost = (variables: Variables) => number;

/**
 * One computation: the sizes in the variables, and the cost of each fragment, so that it is computed once and not at
 * each spread.
 */
interface Evaluation {
  readonly sizeOfVariable: (variable: string) => number | undefined;
  readonly fragments: Map<Part, number>;
}
type Term = (evaluation: Evaluation) => number;

/** Page size if no argument sets it; the same as in page-arguments.ts. */
const defaultPageSize = 20;
/** Arguments that set or imply the number of rows of a field. */
const sizeArguments: ReadonlySet<string> = new Set(['first', 'last', 'limit', 'ids']);
/** Estimated length of a list without such an argument, as the parts of one object are. */
const assumedRows = 5;

/** A cost that may depend on variables. Most parts do not, and are added up at compile time. */
interface Part {
  readonly fixed: number;
  readonly varying: readonly Term[];
}
const nothing: Part = { fixed: 0, varying: [] };

const compiled = new WeakMap<OperationDefinitionNode, Cost>();

/**
 * Returns the cost function of an operation: the number of objects that it may return. Each object costs 1, and
 * everything below a list counts once per row, by `first`, `last`, `limit` or `ids`. Scalars are free, because they
 * come with their object. The function is compiled once per operation and cached.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, operationName?: string | null): Cost {
  const operation = getOperationAST(document, operationName);
  // The executor reports an ambiguous or missing operation; it executes nothing, so the cost is 0.
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
  const { fixed, varying } = new CostCompiler(schema, fragments).selections(operation.selectionSet, root);
  if (varying.length === 0) return () => capped(fixed);
  return variables => {
    // Looked up by name: to copy all variables would take time even if the document uses none of them.
    const sizeOfVariable = (name: string) =>
      Object.hasOwn(variables, name) ? sizeOf(variables[name]) : defaults.get(name);
    return capped(sum(fixed, varying, { sizeOfVariable, fragments: new Map<Part, number>() }));
  };
}

/** Nested fragments can overflow a double, and neither JSON nor a metric can represent Infinity. */
function capped(cost: number): number {
  return Math.min(cost, Number.MAX_SAFE_INTEGER);
}

function defaultsOf({ variableDefinitions }: OperationDefinitionNode): ReadonlyMap<string, number> {
  const defaults = (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => {
    const size = defaultValue && literalSize(defaultValue);
    return size === undefined ? [] : [[variable.name.value, size] as const];
  });
  return new Map(defaults);
}

function sum(fixed: number, varying: readonly Term[], evaluation: Evaluation): number {
  let total = fixed;
  for (const term of varying) total += term(evaluation);
  return total;
}

/**
 * The cost of a fragment as one term that is computed once: without this, n fragments could require 2^n evaluations.
 */
function shared(part: Part): Part {
  if (part.varying.length === 0) return part;
  const term: Term = evaluation => {
    const cached = evaluation.fragments.get(part);
    if (cached !== undefined) return cached;
    const cost = sum(part.fixed, part.varying, evaluation);
    evaluation.fragments.set(part, cost);
    return cost;
  };
  return { fixed: 0, varying: [term] };
}

class CostCompiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #cached = new Map<string, Part>();

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
    const cached = this.#cached.get(name);
    if (cached) return cached;
    const fragment = this.#fragments.get(name);
    const type = this.#typeNamed(fragment?.typeCondition.name.value);
    const part = fragment && type ? shared(this.selections(fragment.selectionSet, type)) : nothing;
    this.#cached.set(name, part);
    return part;
  }

  #field(node: FieldNode, parent: GraphQLNamedType): Part {
    const field = fieldOf(parent, node.name.value);
    const type = field && getNamedType(field.type);
    if (!field || !type || !node.selectionSet || !isCompositeType(type)) return nothing;
    // Introspection reads from memory, and the schema bounds its size.
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

/**
 * How many rows a field has. The page size is an argument of the connection; its `nodes` and `edges` do not multiply
 * again.
 */
function rowsOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number | Term {
  const sizes = (node.arguments ?? []).filter(({ name }) => sizeArguments.has(name.value)).map(({ value }) => value);
  const literals = sizes.flatMap(value => literalSize(value) ?? []);
  const variables = sizes.flatMap(value => (value.kind === Kind.VARIABLE ? [value.name.value] : []));
  // The largest size counts. A variable that is null or omitted sets no size, so the other arguments decide.
  if (variables.length > 0) {
    return ({ sizeOfVariable }) => largest([...literals, ...variables.flatMap(name => sizeOfVariable(name) ?? [])]);
  }
  if (literals.length > 0) return largest(literals);
  if (field.args.some(({ name }) => name === 'first')) return defaultPageSize;
  if (!isList(field.type)) return 1;
  // The rows of a page are counted at the connection.
  return field.name === 'nodes' || field.name === 'edges' ? 1 : assumedRows;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

function literalSize(value: ValueNode): number | undefined {
  if (value.kind === Kind.INT) return Number(value.value);
  return value.kind === Kind.LIST ? value.values.length : undefined;
}

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' ? value : undefined;
}

function largest(sizes: readonly number[]): number {
  return sizes.length === 0 ? defaultPageSize : Math.max(...sizes.map(validSize));
}

/** The executor rejects a value that is not an Int, so the cost is 1, the minimum. */
function validSize(rows: number): number {
  return rows < 2 ** 31 ? Math.max(1, Math.trunc(rows)) : 1;
}
