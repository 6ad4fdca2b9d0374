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
import type { Unchanged } from '../../../graphql/connection.ts';
import type { Context } from '../../../graphql/context.ts';
import { CachedJson } from '../cached-json.ts';
import { compileVariables } from './coerce-variables.ts';

type Path = GraphQLResolveInfo['path'];
type Variables = Readonly<Record<string, unknown>>;
type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/** Makes what a field resolved to into what the answer has of it. @param path undefined for a leaf: nothing is below it */
type Complete = (run: Run, info: Info, path: Path | undefined, value: unknown) => unknown;

/** The fields of a selection on objects of one type. */
interface Fields {
  /** Of this selection and no other one. Whoever keeps what it was answered keeps this, and not the document. */
  readonly number: number;
  readonly all: readonly Field[];
  /** What they answer rests on the object and on who asks, and on nothing else: no argument, no other entity. */
  readonly lasting: boolean;
}

/** A field of a selection, with all that does not depend on the request looked up. */
interface Field {
  readonly key: string;
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
  readonly parent: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  /** Its arguments, by the operation's variables. */
  readonly args: (variables: Variables) => Record<string, unknown>;
  readonly nonNull: boolean;
  readonly leaf: boolean;
  readonly lasting: boolean;
  readonly complete: Complete;
}

/** An operation that is executed by walking its fields as they were looked up once. */
export interface CompiledOperation {
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
}

const compiled = new WeakMap<OperationDefinitionNode, CompiledOperation | 'left'>();
/** That have been compiled so far. */
let selections = 0;

/**
 * Compiles an operation of a validated document, once. Executed, it does what graphql-js does, with the same resolvers,
 * the same errors at the same places, and the same nulls: only the collecting of fields and the looking up of types,
 * most of what graphql-js does for an answer, are done beforehand.
 * @returns undefined for what is left to graphql-js: directives on selections, questions about the schema, and what can't
 * be executed at all
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
    known = compile(schema, document, operation) ?? 'left';
    compiled.set(operation, known);
  }
  return known === 'left' ? undefined : known;
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledOperation | undefined {
  const root = schema.getRootType(operation.operation);
  if (!root || !isPlain(document)) return undefined;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const fields = new Compiler(schema, fragments).fields(root, [operation.selectionSet]);
  const variables = compileVariables(schema, operation);
  return { execute: args => execute({ schema, operation, fragments, fields, variables }, args) };
}

/** Whether which fields an answer has depends on no variable, and no field on more than its type. */
function isPlain(document: DocumentNode): boolean {
  let plain = true;
  visit(document, {
    Field({ name, alias, directives }) {
      if (name.value === '__schema' || name.value === '__type' || alias?.value === '__proto__') plain = false;
      if (directives && directives.length > 0) plain = false;
    },
    FragmentSpread({ directives }) {
      if (directives && directives.length > 0) plain = false;
    },
    InlineFragment({ directives }) {
      if (directives && directives.length > 0) plain = false;
    },
  });
  return plain;
}

/** Whether every staff member gets the same of a field, and each customer their own; see sharing.ts. */
function isOfRole(parent: GraphQLObjectType, { name, extensions }: GraphQLField<unknown, unknown>): boolean {
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
    const spread = new Set<string>();
    for (const set of sets) this.#collect(parent, set, nodes, spread);
    const all = [...nodes].flatMap(([key, found]) => this.#field(parent, key, found) ?? []);
    return { number: ++selections, all, lasting: all.every(field => field.lasting) };
  }

  #collect(
    parent: GraphQLObjectType,
    { selections }: SelectionSetNode,
    nodes: Map<string, [FieldNode, ...FieldNode[]]>,
    spread: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const found = nodes.get(key);
        if (found) found.push(selection);
        else nodes.set(key, [selection]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#unseen(selection.name.value, spread);
      if (fragment && this.#concerns(parent, fragment.typeCondition?.name.value)) {
        this.#collect(parent, fragment.selectionSet, nodes, spread);
      }
    }
  }

  /** A fragment adds its fields once, however often it is spread. */
  #unseen(name: string, spread: Set<string>): FragmentDefinitionNode | undefined {
    if (spread.has(name)) return undefined;
    spread.add(name);
    return this.#fragments[name];
  }

  #concerns(type: GraphQLObjectType, condition: string | undefined): boolean {
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
      lasting: definition.args.length === 0 && isOfRole(parent, definition) && this.#isLasting(nullable, nodes),
      complete: this.#completion(nullable, nodes),
    };
  }

  /** Whether all below a field is: of what may be of one type or another, that is not looked at. */
  #isLasting(type: GraphQLOutputType, nodes: readonly FieldNode[]): boolean {
    const named = getNamedType(type);
    if (!isObjectType(named)) return isLeafType(named);
    return this.fields(
      named,
      nodes.flatMap(node => node.selectionSet ?? []),
    ).lasting;
  }

  #completion(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) return required(this.#completion(type.ofType, nodes));
    if (isListType(type)) return listOf(type.ofType, nodes, this.#completion(type.ofType, nodes));
    if (isLeafType(type)) return leaf(type);
    const sets = nodes.flatMap(node => node.selectionSet ?? []);
    const known = new Map<GraphQLObjectType, Fields>();
    // Looked up when the first one of that type comes: most members of a union never do.
    const fieldsOf = (one: GraphQLObjectType): Fields => {
      const fields = known.get(one) ?? this.fields(one, sets);
      known.set(one, fields);
      return fields;
    };
    return isAbstractType(type) ? abstract(this.#schema, type, nodes, fieldsOf) : object(type, nodes, fieldsOf);
  }
}

/** A field's arguments: what is the same for each request is looked up once, and so is which variables it takes. */
function argumentsOf(definition: GraphQLField<unknown, unknown>, node: FieldNode): Field['args'] {
  const whole = (variables: Variables): Record<string, unknown> => getArgumentValues(definition, node, variables);
  const taken = variablesTaken(definition, node);
  if (taken === undefined) return whole;
  let fixed: Record<string, unknown>;
  try {
    const rest = (node.arguments ?? []).filter(({ value }) => value.kind !== Kind.VARIABLE);
    const others = definition.args.filter(({ name }) => taken.every(one => one.name !== name));
    fixed = getArgumentValues({ ...definition, args: others }, { ...node, arguments: rest });
  } catch {
    return whole; // thrown again for each request, at its field
  }
  if (taken.length === 0) return () => fixed;
  return variables => {
    const args = { ...fixed };
    for (const { name, variable } of taken) {
      // As graphql-js asks: a variable may be named as what every object has.
      const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      // What is null or not given may have a default or be refused: graphql-js knows.
      if (value === undefined || value === null) return whole(variables);
      args[name] = value;
    }
    return args;
  };
}

/** The arguments that are a variable as it is; undefined where one has variables inside. */
function variablesTaken(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
): readonly { readonly name: string; readonly variable: string }[] | undefined {
  const taken: { name: string; variable: string }[] = [];
  for (const { name, value } of node.arguments ?? []) {
    if (value.kind !== Kind.VARIABLE) {
      if (hasVariables(value)) return undefined;
    } else if (args.some(arg => arg.name === name.value)) taken.push({ name: name.value, variable: value.name.value });
  }
  return taken;
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
  return (run, info, path, value) => demanded(info, complete(run, info, path, value));
}

/** @throws where it is null */
function demanded(info: Info, completed: unknown): unknown {
  if (completed === null) {
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  }
  return isPromise(completed) ? demandedLater(info, completed) : completed;
}

function demandedLater(info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(one => demanded(info, one));
}

function leaf(type: GraphQLLeafType): Complete {
  return (_run, _info, _path, value) => {
    if (value instanceof Error) throw value;
    if (value === null || value === undefined) return null;
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined) throw new Error(`${type.name} serialized a value to nothing.`);
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
    let waiting: Promise<unknown>[] | undefined;
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
        const caught = completed.then(undefined, (error: unknown) => run.failed(nonNull, nodes, itemPath, error));
        (waiting ??= []).push(caught);
        items.push(caught);
      } catch (error) {
        // Nobody waits for them any more: an error of theirs must not end the process.
        if (nonNull) for (const one of waiting ?? []) one.catch(() => undefined);
        items.push(run.failed(nonNull, nodes, itemPath, error));
      }
    }
    return waiting ? Promise.all(items) : items;
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
    throw new GraphQLError(`Expected value of type "${type.name}" but got another one.`, { nodes });
  };
  const is = type.isTypeOf(value, run.contextValue, info);
  return isPromise(is) ? is.then(checked) : checked(is);
}

/** What was answered of a row that still stands, to what question, and to whom. */
interface Answered {
  readonly selection: number;
  readonly viewer: Actor | undefined;
  /** Undefined where it is too long to be kept. */
  readonly told: CachedJson | undefined;
}

function executeObject(run: Run, { number, all, lasting }: Fields, value: unknown, path: Path | undefined): unknown {
  // A frame has a root: what is made for a group of subscribers is for nobody in particular.
  const kept = lasting && run.rootValue === undefined ? unchangedOf(value) : undefined;
  if (!kept) return executeFields(run, all, value, path);
  const { viewer } = run.contextValue as Partial<Context>;
  const before = kept.answered as Answered | undefined;
  const isKnown = before?.selection === number && isSame(before.viewer, viewer);
  if (isKnown && before.told) return before.told;
  const answer = executeFields(run, all, value, path);
  if (isKnown || isPromise(answer) || run.hasFailed) return answer;
  const told = new CachedJson(answer);
  // Aliases may make it as long as they like.
  const isShort = told.json.length <= kept.characters;
  kept.answered = { selection: number, viewer, told: isShort ? told : undefined } satisfies Answered;
  return isShort ? told : answer;
}

/** What a response may be cached with: a row that was returned before, or the rows of such a page. */
function unchangedOf(value: unknown): UnchangedRow | undefined {
  if (value instanceof UnchangedRow) return value;
  const { unchanged } = value as Unchanged;
  return unchanged instanceof UnchangedRow ? unchanged : undefined;
}

function isSame(one: Actor | undefined, other: Actor | undefined): boolean {
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
    throw new GraphQLError(`${type.name} was resolved to no type that it can be.`, { nodes });
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

function execute(compiledOne: Operation, args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult> {
  const { operation } = compiledOne;
  const fields = compiledOne.fields.all;
  const variables = compiledOne.variables(args.variableValues ?? {});
  if (variables.errors) return { errors: variables.errors };
  const run = new Run(compiledOne, args, variables.coerced);
  try {
    const data =
      operation.operation === OperationTypeNode.MUTATION
        ? executeSerially(run, fields, args.rootValue)
        : executeFields(run, fields, args.rootValue, undefined);
    if (!isPromise(data)) return run.answer(data);
    return data.then(
      one => run.answer(one),
      (error: unknown) => run.answerNothing(error),
    );
  } catch (error) {
    return run.answerNothing(error);
  }
}

/** One execution: what its fields have in common, and the errors so far. */
class Run {
  readonly compiled: Operation;
  readonly contextValue: unknown;
  readonly rootValue: unknown;
  readonly variableValues: Record<string, unknown>;
  readonly #errors: GraphQLError[] = [];
  /** Where an answer has null for an error: what fails below one of them later is not told. */
  readonly #nulled = new Set<Path | undefined>();

  constructor(one: Operation, { contextValue, rootValue }: ExecutionArgs, variableValues: Record<string, unknown>) {
    this.compiled = one;
    this.contextValue = contextValue;
    this.rootValue = rootValue;
    this.variableValues = variableValues;
  }

  /**
   * An error at a field, or at an item of its list: null stands there.
   * @throws it where null may not: then it is an error of what it stands in
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

  answer(data: unknown): ExecutionResult {
    const answered = data as Record<string, unknown> | null;
    return this.#errors.length === 0 ? { data: answered } : { errors: this.#errors, data: answered };
  }

  answerNothing(error: unknown): ExecutionResult {
    this.#collect(error as GraphQLError, undefined);
    return this.answer(null);
  }

  #collect(error: GraphQLError, path: Path | undefined): void {
    for (let one = path; one !== undefined; one = one.prev) if (this.#nulled.has(one)) return;
    if (this.#nulled.has(undefined)) return;
    this.#nulled.add(path);
    this.#errors.push(error);
  }
}

/** What a resolver is told beside its arguments; most of them never look at it. */
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

// No closure stands in what runs for each field: making room for one would take longer than most fields do.

/** Fields side by side. Where one may not be null and fails, the others are waited for: nothing goes on unseen. */
function executeFields(run: Run, fields: readonly Field[], source: unknown, path: Path | undefined): unknown {
  const results: Record<string, unknown> = {};
  let waiting: Promise<unknown>[] | undefined;
  try {
    for (const field of fields) {
      const result = executeField(run, field, source, path);
      results[field.key] = result;
      if (isPromise(result)) (waiting ??= []).push(inPlace(results, field.key, result));
    }
  } catch (error) {
    if (!waiting) throw error;
    return allThenThrow(waiting, error);
  }
  if (!waiting) return results;
  return waiting.length === 1 ? waiting[0] : Promise.all(waiting).then(([first]) => first);
}

/** @returns the results, once this one is among them */
function inPlace(results: Record<string, unknown>, key: string, result: Promise<unknown>): Promise<object> {
  return result.then(one => {
    results[key] = one;
    return results;
  });
}

function allThenThrow(waiting: readonly Promise<unknown>[], error: unknown): Promise<never> {
  return Promise.all(waiting).finally(() => {
    throw error;
  }) as Promise<never>;
}

/** Mutations: each after the one before it. */
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
    if (isPromise(result)) return completedLater(run, field, info, path, result);
    const completed = completeField(run, field, info, path, result);
    return isPromise(completed) ? caught(run, field, info, completed) : completed;
  } catch (error) {
    return run.failed(field.nonNull, field.nodes, info.path, error);
  }
}

function completedLater(
  run: Run,
  field: Field,
  info: Info,
  path: Path | undefined,
  result: Promise<unknown>,
): Promise<unknown> {
  return caught(
    run,
    field,
    info,
    result.then(one => completeField(run, field, info, path, one)),
  );
}

function caught(run: Run, field: Field, info: Info, completed: Promise<unknown>): Promise<unknown> {
  return completed.then(undefined, (error: unknown) => run.failed(field.nonNull, field.nodes, info.path, error));
}

/** @throws where it may not be null and is */
function completeField(run: Run, field: Field, info: Info, path: Path | undefined, value: unknown): unknown {
  const completed = field.complete(run, info, path, value);
  return field.nonNull ? demanded(info, completed) : completed;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
