import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql';

/** The part of yoga's pipeline that parses and validates a document, with all plugins. yoga types it as `any`. */
export interface Pipeline {
  readonly parse: (source: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
}
