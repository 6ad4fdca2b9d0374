import type { GraphQLField, GraphQLObjectType } from 'graphql';

/** Finished objects of earlier responses, which the caller of the executor stores. */
export interface ObjectCache {
  /**
   * @param selection number of the selection set
   * @param context of the operation
   * @returns what stands for the object in the response; undefined: its fields have to be executed
   */
  find(object: unknown, selection: number, context: unknown): unknown;
  /**
   * Called after the fields of an object were executed without an error.
   * @param finished its part of the response
   * @returns what stands for the object in this response: `finished`, or another value with the same JSON
   */
  store(object: unknown, selection: number, context: unknown, finished: unknown): unknown;
}

/**
 * Whether the value of a field depends only on its object and on the context, as far as the cache compares it. It is
 * called once per field of an operation; the executor itself excludes fields with arguments.
 */
export type IsCacheable = (parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>) => boolean;
