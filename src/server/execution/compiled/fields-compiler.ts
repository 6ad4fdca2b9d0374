import {
  defaultFieldResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
} from 'graphql';
import { compileArguments } from './compile-arguments.ts';
import { abstract, leaf, listOf, object, required } from './completions.ts';
import type { Complete, Field, Fields } from './field.ts';
import type { IsCacheable } from './object-cache.ts';

/** Number of selection sets compiled so far. */
let selections = 0;

/** Looks up the fields of selections, with all that does not depend on the request. */
export class FieldsCompiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly #isCacheable: IsCacheable;

  constructor(
    schema: GraphQLSchema,
    fragments: Readonly<Record<string, FragmentDefinitionNode>>,
    isCacheable: IsCacheable,
  ) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#isCacheable = isCacheable;
  }

  fields(parent: GraphQLObjectType, sets: readonly SelectionSetNode[]): Fields {
    const nodes = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visited = new Set<string>();
    for (const set of sets) this.#collect(parent, set, nodes, visited);
    const all = [...nodes].flatMap(([key, found]) => this.#field(parent, key, found) ?? []);
    return { selection: ++selections, all, cacheable: all.every(field => field.cacheable) };
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
      args: compileArguments(definition, nodes[0]),
      nonNull: isNonNullType(type),
      leaf: isLeafType(nullable),
      cacheable:
        definition.args.length === 0 && this.#isCacheable(parent, definition) && this.#canCacheBelow(nullable, nodes),
      complete: this.#completion(nullable, nodes),
    };
  }

  /** Whether all fields below can be cached. Fields of an abstract type are never cached. */
  #canCacheBelow(type: GraphQLOutputType, nodes: readonly FieldNode[]): boolean {
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
