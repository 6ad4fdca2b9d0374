import {
  defaultFieldResolver,
  defaultTypeResolver,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  OperationTypeNode,
  responsePathAsArray,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
  type ValueNode,
  visit,
} from 'graphql';
import type { Actor } from '../../../commands/decider.ts';
import { UnchangedRow } from '../../../projections/reader-row-cache.ts';
import type { CacheablePage } from '../../../graphql/connection.ts';
import type { Context } from '../../../graphql/context.ts';
import { CachedJson } from '../cached-json.ts';
import { compileVariables } from './coerce-variables.ts';

type Path = GraphQLResolveInfo['path'];
type Variables = Readonly<Record<string, unknown>>;
type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/**
 * Converts the resolved value of a field to its value in the response.
 * @param path undefined for a leaf, which has nothing below it
 */
type Complete = (run: Run, info: Info, path: Path | undefined, value: unknown) => unknown;

/** The fields of a selection, for objects of one type. */
interface Fields {
  /** Unique per selection set. Cached responses refer to it, so that they do not retain the document. */
  readonly number: number;
  readonly all: readonly Field[];
  /** Whether the response can be cached: it depends only on object and viewer, not on arguments or other entities. */
  readonly cacheable: boolean;
}

/** A field of a selection, with everything that does not depend on the request computed beforehand. */
interface Field {
  readonly key: string;
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
  readonly parent: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  /** Computes its arguments from the variables of the operation. */
  readonly args: (variables: Variables) => Record<string, unknown>;
  readonly nonNull: boolean;
  readonly leaf: boolean;
  readonly cacheable: boolean;
  readonly complete: Complete;
}

/** An operation whose fields and types were looked up once. */
export interface CompiledOperation {
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
}

const compiled = new WeakMap<OperationDefinitionNode, CompiledOperation | 'uncompiled'>();
/** Number of selection sets compiled so far. */
let selections = 0;

/**
 * Compiles an operation of a validated document, once. Its execution behaves as graphql-js's: the same resolvers,
 * errors at the same places, and the same nulls. Only the collection of fields and the lookup of types, most of the
 * work of graphql-js, are done beforehand.
 * @returns undefined if graphql-js has to execute it: directives on selections, introspection, and operations that
 * are invalid
 */
export function compiledOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): CompiledOperation | undefined {
  const operation = getOperationAST(document, operationName);
  if (!operation) return undefined;
  let known = compiled.get(operation);
  if (known === undefined) {
    known = compile(schema, document, operation) ?? 'uncompiled';
    compiled.set(operation, known);
  }
  return known === 'uncompiled' ? undefined : known;
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledOperation | undefined {
  const root = schema.getRootType(operation.operation);
  if (!root || !canCompile(document)) return undefined;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const fields = new Compiler(schema, fragments).fields(root, [operation.selectionSet]);
  const variables = compileVariables(schema, operation);
  return { execute: args => execute({ schema, operation, fragments, fields, variables }, args) };
}

/**
 * Whether the fields of the response do not depend on variables (no directives), and none is introspection of the
 * schema.
 */
function canCompile(document: DocumentNode): boolean {
  let isSupported = true;
  visit(document, {
    Field({ name, alias, directives }) {
      if (name.value === '__schema' || name.value === '__type' || alias?.value === '__proto__') isSupported = false;
      if (directives && directives.length > 0) isSupported = false;
    },
    FragmentSpread({ directives }) {
      if (directives && directives.length > 0) isSupported = false;
    },
    InlineFragment({ directives }) {
      if (directives && directives.length > 0) isSupported = false;
    },
  });
  return isSupported;
}

/**
 * Whether a field has the same value for all staff members, and for each customer only depends on the customer; see
 * sharing.ts.
 */
function isSharedByRole(parent: GraphQLObjectType, { name, extensions }: GraphQLField<unknown, unknown>): boolean {
  return name === TypeNameMetaFieldDef.name || (extensions['sharing'] ?? parent.extensions['sharing']) === 'role';
}

class Compiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;

  constructor(schema: GraphQLSchema, fragments: Fragments) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  fields(parent: GraphQLObjectType, sets: readonly SelectionSetNode[]): Fields {
    const nodes = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visited = new Set<string>();
    for (const set of sets) this.#collect(parent, set, nodes, visited);
    const all = [...nodes].flatMap(([key, found]) => this.#field(parent, key, found) ?? []);
    return { number: ++selections, all, cacheable: all.every(field => field.cacheable) };
  }

  #collect(
    parent: GraphQLObjectType,
    { selections }: SelectionSetNode,
    nodes: Map<string, [FieldNode, ...FieldNode[]]>,
    visited: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const found = nodes.get(key);
        if (found) found.push(selection);
        else nodes.set(key, [selection]);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragmentOnce(selection.name.value, visited);
      if (fragment && this.#applies(parent, fragment.typeCondition?.name.value)) {
        this.#collect(parent, fragment.selectionSet, nodes, visited);
      }
    }
  }

  /** A fragment adds its fields once, however often it is spread. */
  #fragmentOnce(name: string, visited: Set<string>): FragmentDefinitionNode | undefined {
    if (visited.has(name)) return undefined;
    visited.add(name);
    return this.#fragments[name];
  }

  #applies(type: GraphQLObjectType, condition: string | undefined): boolean {
    const named = condition === undefined ? type : this.#schema.getType(condition);
    return named === type || (isAbstractType(named) && this.#schema.isSubType(named, type));
  }

  #field(parent: GraphQLObjectType, key: string, nodes: readonly [FieldNode, ...FieldNode[]]): Field | undefined {
    const name = nodes[0].name.value;
    const definition = name === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : parent.getFields()[name];
    if (!definition) return undefined;
    const { type } = definition;
    const nullable = isNonNullType(type) ? type.ofType : type;
    return {
      key,
      nodes,
      parent,
      definition,
      resolve: definition.resolve ?? defaultFieldResolver,
      args: argumentsOf(definition, nodes[0]),
      nonNull: isNonNullType(type),
      leaf: isLeafType(nullable),
      cacheable:
        definition.args.length === 0 && isSharedByRole(parent, definition) && this.#isCacheable(nullable, nodes),
      complete: this.#completion(nullable, nodes),
    };
  }

  /** Whether all fields below can be cached. Fields of an abstract type are never cached. */
  #isCacheable(type: GraphQLOutputType, nodes: readonly FieldNode[]): boolean {
    const named = getNamedType(type);
    if (!isObjectType(named)) return isLeafType(named);
    return this.fields(
      named,
      nodes.flatMap(node => node.selectionSet ?? []),
    ).cacheable;
  }

  #completion(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) return required(this.#completion(type.ofType, nodes));
    if (isListType(type)) return listOf(type.ofType, nodes, this.#completion(type.ofType, nodes));
    if (isLeafType(type)) return leaf(type);
    const sets = nodes.flatMap(node => node.selectionSet ?? []);
    const known = new Map<GraphQLObjectType, Fields>();
    // Compiled when the first object of that type occurs: most members of a union never do.
    const fieldsOf = (one: GraphQLObjectType): Fields => {
      const fields = known.get(one) ?? this.fields(one, sets);
      known.set(one, fields);
      return fields;
    };
    return isAbstractType(type) ? abstract(this.#schema, type, nodes, fieldsOf) : object(type, nodes, fieldsOf);
  }
}

/**
 * Compiles the arguments of a field: constant values are computed once, and so is the list of variables that it uses.
 */
function argumentsOf(definition: GraphQLField<unknown, unknown>, node: FieldNode): Field['args'] {
  const computeAll = (variables: Variables): Record<string, unknown> => getArgumentValues(definition, node, variables);
  const variableArgs = variableArguments(definition, node);
  if (variableArgs === undefined) return computeAll;
  let constantArgs: Record<string, unknown>;
  try {
    const rest = (node.arguments ?? []).filter(({ value }) => value.kind !== Kind.VARIABLE);
    const others = definition.args.filter(({ name }) => variableArgs.every(one => one.name !== name));
    constantArgs = getArgumentValues({ ...definition, args: others }, { ...node, arguments: rest });
  } catch {
    return computeAll; // graphql-js throws it again for each request, at the field
  }
  if (variableArgs.length === 0) return () => constantArgs;
  return variables => {
    const args = { ...constantArgs };
    for (const { name, variable } of variableArgs) {
      // Own properties only, as in graphql-js: a variable may have the name of a property that every object inherits.
      const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      // graphql-js handles variables that are null or omitted: there may be a default, or an error.
      if (value === undefined || value === null) return computeAll(variables);
      args[name] = value;
    }
    return args;
  };
}

/** The arguments whose whole value is a variable; undefined if a variable occurs inside a value. */
function variableArguments(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
): readonly { readonly name: string; readonly variable: string }[] | undefined {
  const variableArgs: { name: string; variable: string }[] = [];
  for (const { name, value } of node.arguments ?? []) {
    if (value.kind !== Kind.VARIABLE) {
      if (hasVariables(value)) return undefined;
    } else if (args.some(arg => arg.name === name.value))
      variableArgs.push({ name: name.value, variable: value.name.value });
  }
  return variableArgs;
}

function hasVariables(value: ValueNode): boolean {
  let found = false;
  visit(value, {
    Variable() {
      found = true;
    },
  });
  return found;
}

function required(complete: Complete): Complete {
  return (run, info, path, value) => requireNonNull(info, complete(run, info, path, value));
}

/** @throws if the value is null */
function requireNonNull(info: Info, completed: unknown): unknown {
  if (completed === null) {
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  }
  return isPromise(completed) ? requireNonNullLater(info, completed) : completed;
}

function requireNonNullLater(info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(one => requireNonNull(info, one));
}

function leaf(type: GraphQLLeafType): Complete {
  return (_run, _info, _path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined)
      throw new Error(`${type.name} serialized a value to null or undefined.`);
    return serialized;
  };
}

function listOf(itemType: GraphQLOutputType, nodes: readonly FieldNode[], complete: Complete): Complete {
  const nonNull = isNonNullType(itemType);
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    if (typeof value !== 'object' || !(Symbol.iterator in value)) {
      throw new GraphQLError(
        `Expected Iterable, but did not find one for field "${info.parentType.name}.${info.fieldName}".`,
      );
    }
    let pending: Promise<unknown>[] | undefined;
    const items: unknown[] = [];
    for (const item of value as Iterable<unknown>) {
      const itemPath = { prev: path, key: items.length, typename: undefined };
      try {
        const completed = isPromise(item)
          ? item.then(one => complete(run, info, itemPath, one))
          : complete(run, info, itemPath, item);
        if (!isPromise(completed)) {
          items.push(completed);
          continue;
        }
        const handled = completed.then(undefined, (error: unknown) => run.failed(nonNull, nodes, itemPath, error));
        (pending ??= []).push(handled);
        items.push(handled);
      } catch (error) {
        // The other items are no longer awaited: without a handler, a rejection of theirs would end the process.
        if (nonNull) for (const one of pending ?? []) one.catch(() => undefined);
        items.push(run.failed(nonNull, nodes, itemPath, error));
      }
    }
    return pending ? Promise.all(items) : items;
  };
}

type FieldsOf = (type: GraphQLObjectType) => Fields;

function object(type: GraphQLObjectType, nodes: readonly FieldNode[], fieldsOf: FieldsOf): Complete {
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    return completeObject(run, info, path, value, type, nodes, fieldsOf);
  };
}

function completeObject(
  run: Run,
  info: Info,
  path: Path | undefined,
  value: unknown,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  fieldsOf: FieldsOf,
): unknown {
  if (!type.isTypeOf) return executeObject(run, fieldsOf(type), value, path);
  const checked = (is: boolean): unknown => {
    if (is) return executeObject(run, fieldsOf(type), value, path);
    throw new GraphQLError(`Expected value of type "${type.name}" but got another type.`, { nodes });
  };
  const is = type.isTypeOf(value, run.contextValue, info);
  return isPromise(is) ? is.then(checked) : checked(is);
}

/** The cached response for an unchanged row or page: for which selection, and for which viewer. */
interface CachedResponse {
  readonly selection: number;
  readonly viewer: Actor | undefined;
  /** Undefined if the response was too long to be cached. */
  readonly json: CachedJson | undefined;
}

function executeObject(run: Run, { number, all, cacheable }: Fields, value: unknown, path: Path | undefined): unknown {
  // Frames have a root value. They are not cached per viewer, because they are made for a group of subscribers.
  const unchanged = cacheable && run.rootValue === undefined ? unchangedOf(value) : undefined;
  if (!unchanged) return executeFields(run, all, value, path);
  const { viewer } = run.contextValue as Partial<Context>;
  const cached = unchanged.answered as CachedResponse | undefined;
  const isCached = cached?.selection === number && isSameViewer(cached.viewer, viewer);
  if (isCached && cached.json) return cached.json;
  const response = executeFields(run, all, value, path);
  if (isCached || isPromise(response) || run.hasFailed) return response;
  const json = new CachedJson(response);
  // With aliases a response can be of any length, so there is a limit.
  const isShort = json.json.length <= unchanged.characters;
  unchanged.answered = { selection: number, viewer, json: isShort ? json : undefined } satisfies CachedResponse;
  return isShort ? json : response;
}

/** The object with which the response for this value is cached: an unchanged row, or the unchanged rows of a page. */
function unchangedOf(value: unknown): UnchangedRow | undefined {
  if (value instanceof UnchangedRow) return value;
  const { unchanged } = value as CacheablePage;
  return unchanged instanceof UnchangedRow ? unchanged : undefined;
}

function isSameViewer(one: Actor | undefined, other: Actor | undefined): boolean {
  return one === other || (one?.role === other?.role && one?.subject === other?.subject);
}

function abstract(
  schema: GraphQLSchema,
  type: GraphQLAbstractType,
  nodes: readonly FieldNode[],
  fieldsOf: FieldsOf,
): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const runtimeType = (name: unknown): GraphQLObjectType => {
    const found = typeof name === 'string' ? schema.getType(name) : undefined;
    if (isObjectType(found) && schema.isSubType(type, found)) return found;
    throw new GraphQLError(`${type.name} was resolved to a type that is not one of its possible types.`, { nodes });
  };
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    const complete = (name: unknown): unknown =>
      completeObject(run, info, path, value, runtimeType(name), nodes, fieldsOf);
    const name = resolveType(value, run.contextValue, info, type);
    return isPromise(name) ? name.then(complete) : complete(name);
  };
}

interface Operation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Fragments;
  readonly fields: Fields;
  readonly variables: ReturnType<typeof compileVariables>;
}

function execute(plan: Operation, args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult> {
  const { operation } = plan;
  const fields = plan.fields.all;
  const variables = plan.variables(args.variableValues ?? {});
  if (variables.errors) return { errors: variables.errors };
  const run = new Run(plan, args, variables.coerced);
  try {
    const data =
      operation.operation === OperationTypeNode.MUTATION
        ? executeSerially(run, fields, args.rootValue)
        : executeFields(run, fields, args.rootValue, undefined);
    if (!isPromise(data)) return run.result(data);
    return data.then(
      one => run.result(one),
      (error: unknown) => run.failedResult(error),
    );
  } catch (error) {
    return run.failedResult(error);
  }
}

/** The state of one execution: what its fields share, and the errors so far. */
class Run {
  readonly compiled: Operation;
  readonly contextValue: unknown;
  readonly rootValue: unknown;
  readonly variableValues: Record<string, unknown>;
  readonly #errors: GraphQLError[] = [];
  /** Paths that are null because of an error: errors below them that occur later are not reported. */
  readonly #nulled = new Set<Path | undefined>();

  constructor(one: Operation, { contextValue, rootValue }: ExecutionArgs, variableValues: Record<string, unknown>) {
    this.compiled = one;
    this.contextValue = contextValue;
    this.rootValue = rootValue;
    this.variableValues = variableValues;
  }

  /**
   * Records the error of a field or list item, whose value becomes null.
   * @throws the error if the type is non-null: then the parent becomes null
   */
  failed(nonNull: boolean, nodes: readonly FieldNode[], path: Path, raw: unknown): null {
    const error = locatedError(raw, nodes, responsePathAsArray(path));
    if (nonNull) throw error;
    this.#collect(error, path);
    return null;
  }

  get hasFailed(): boolean {
    return this.#errors.length > 0;
  }

  result(data: unknown): ExecutionResult {
    const resultData = data as Record<string, unknown> | null;
    return this.#errors.length === 0 ? { data: resultData } : { errors: this.#errors, data: resultData };
  }

  failedResult(error: unknown): ExecutionResult {
    this.#collect(error as GraphQLError, undefined);
    return this.result(null);
  }

  #collect(error: GraphQLError, path: Path | undefined): void {
    for (let one = path; one !== undefined; one = one.prev) if (this.#nulled.has(one)) return;
    if (this.#nulled.has(undefined)) return;
    this.#nulled.add(path);
    this.#errors.push(error);
  }
}

/** The info argument of resolvers, computed lazily: most of them never read it. */
class Info implements GraphQLResolveInfo {
  readonly #run: Run;
  readonly #field: Field;
  readonly #prev: Path | undefined;
  #path: Path | undefined;

  constructor(run: Run, field: Field, prev: Path | undefined, path: Path | undefined) {
    this.#run = run;
    this.#field = field;
    this.#prev = prev;
    this.#path = path;
  }

  get fieldName() {
    return this.#field.definition.name;
  }
  get fieldNodes() {
    return this.#field.nodes;
  }
  get returnType() {
    return this.#field.definition.type;
  }
  get parentType() {
    return this.#field.parent;
  }
  get path(): Path {
    return (this.#path ??= pathTo(this.#field, this.#prev));
  }
  get schema() {
    return this.#run.compiled.schema;
  }
  get fragments() {
    return this.#run.compiled.fragments;
  }
  get rootValue() {
    return this.#run.rootValue;
  }
  get operation() {
    return this.#run.compiled.operation;
  }
  get variableValues() {
    return this.#run.variableValues;
  }
}

function pathTo({ key, parent }: Field, prev: Path | undefined): Path {
  return { prev, key, typename: parent.name };
}

// No closures in the functions that run for each field: to allocate one would take longer than most fields do.

/**
 * Executes fields in parallel. If a non-null field fails, the others are still awaited, so that nothing runs on after
 * the response.
 */
function executeFields(run: Run, fields: readonly Field[], source: unknown, path: Path | undefined): unknown {
  const results: Record<string, unknown> = {};
  let pending: Promise<unknown>[] | undefined;
  try {
    for (const field of fields) {
      const result = executeField(run, field, source, path);
      results[field.key] = result;
      if (isPromise(result)) (pending ??= []).push(storeWhenResolved(results, field.key, result));
    }
  } catch (error) {
    if (!pending) throw error;
    return settleThenThrow(pending, error);
  }
  if (!pending) return results;
  return pending.length === 1 ? pending[0] : Promise.all(pending).then(([first]) => first);
}

/** @returns the results, once this one has been stored in them */
function storeWhenResolved(results: Record<string, unknown>, key: string, result: Promise<unknown>): Promise<object> {
  return result.then(one => {
    results[key] = one;
    return results;
  });
}

function settleThenThrow(pending: readonly Promise<unknown>[], error: unknown): Promise<never> {
  return Promise.all(pending).finally(() => {
    throw error;
  }) as Promise<never>;
}

/** For mutations: executes the fields one after another. */
async function executeSerially(run: Run, fields: readonly Field[], source: unknown): Promise<unknown> {
  const results: Record<string, unknown> = {};
  for (const field of fields) results[field.key] = await executeField(run, field, source, undefined);
  return results;
}

function executeField(run: Run, field: Field, source: unknown, prev: Path | undefined): unknown {
  const path = field.leaf ? undefined : pathTo(field, prev);
  const info = new Info(run, field, prev, path);
  try {
    const result = field.resolve(source, field.args(run.variableValues), run.contextValue, info);
    if (isPromise(result)) return completeWhenResolved(run, field, info, path, result);
    const completed = completeField(run, field, info, path, result);
    return isPromise(completed) ? handleRejection(run, field, info, completed) : completed;
  } catch (error) {
    return run.failed(field.nonNull, field.nodes, info.path, error);
  }
}

function completeWhenResolved(
  run: Run,
  field: Field,
  info: Info,
  path: Path | undefined,
  result: Promise<unknown>,
): Promise<unknown> {
  return handleRejection(
    run,
    field,
    info,
    result.then(one => completeField(run, field, info, path, one)),
  );
}

function handleRejection(run: Run, field: Field, info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(undefined, (error: unknown) => run.failed(field.nonNull, field.nodes, info.path, error));
}

/** @throws if the field is non-null and the value is null */
function completeField(run: Run, field: Field, info: Info, path: Path | undefined, value: unknown): unknown {
  const completed = field.complete(run, info, path, value);
  return field.nonNull ? requireNonNull(info, completed) : completed;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
