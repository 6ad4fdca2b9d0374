import {
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  locatedError,
  type OperationDefinitionNode,
  responsePathAsArray,
} from 'graphql';
import type { ObjectCache } from './object-cache.ts';

export type Path = GraphQLResolveInfo['path'];

/** The operation that a run executes, as resolvers see it. */
export interface RunOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

/** The state of one execution: what its fields share, and the errors so far. */
export class Run {
  readonly operation: RunOperation;
  readonly contextValue: unknown;
  readonly rootValue: unknown;
  readonly variableValues: Record<string, unknown>;
  readonly cache: ObjectCache | undefined;
  readonly #errors: GraphQLError[] = [];
  /** Paths that are null because of an error: errors below them that occur later are not reported. */
  readonly #nulled = new Set<Path | undefined>();

  constructor(
    operation: RunOperation,
    { contextValue, rootValue }: ExecutionArgs,
    variableValues: Record<string, unknown>,
    cache: ObjectCache | undefined,
  ) {
    this.operation = operation;
    this.contextValue = contextValue;
    this.rootValue = rootValue;
    this.variableValues = variableValues;
    this.cache = cache;
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
