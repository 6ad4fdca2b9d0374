import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql';

/** The part of yoga's pipeline that prepares a document, with all of its plugins; yoga types it as `any`. */
export interface Pipeline {
  readonly parse: (source: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
}
