import type { FieldNode, GraphQLField, GraphQLFieldResolver, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import type { Path, Run } from './run.ts';

/**
 * Converts the resolved value of a field to its value in the response.
 * @param path undefined for a leaf, which has nothing below it
 */
export type Complete = (run: Run, info: Info, path: Path | undefined, value: unknown) => unknown;

/** The fields of a selection, for objects of one type. */
export interface Fields {
  /** Number of the selection set. Cached objects refer to it, so that they do not retain the document. */
  readonly selection: number;
  readonly all: readonly Field[];
  /** Whether the finished object can be cached: no field, here or below, depends on arguments or on other objects. */
  readonly cacheable: boolean;
}

/** A field of a selection, with everything that does not depend on the request computed beforehand. */
export interface Field {
  readonly key: string;
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
  readonly parent: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  /** Computes its arguments from the variables of the operation. */
  readonly args: (variables: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly nonNull: boolean;
  readonly leaf: boolean;
  readonly cacheable: boolean;
  readonly complete: Complete;
}

/** The info argument of resolvers, computed lazily: most of them never read it. */
export class Info implements GraphQLResolveInfo {
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
    return this.#run.operation.schema;
  }
  get fragments() {
    return this.#run.operation.fragments;
  }
  get rootValue() {
    return this.#run.rootValue;
  }
  get operation() {
    return this.#run.operation.operation;
  }
  get variableValues() {
    return this.#run.variableValues;
  }
}

export function pathTo({ key, parent }: Field, prev: Path | undefined): Path {
  return { prev, key, typename: parent.name };
}
