import { type DocumentNode, parse } from 'graphql';
import { type CommandInputs, commandTypes, errorFields, ownFields } from './command-inputs.ts';

export type CommandName = keyof CommandInputs;
type EntityType = keyof typeof ownFields;

const documents = new Map<string, DocumentNode>();

/**
 * The document of a command: it selects all own fields of the object, so that its answer shows the whole new state.
 * Register these documents if your server accepts trusted documents only.
 */
export function commandDocument(name: CommandName): DocumentNode {
  const type = commandTypes[name];
  const field = type.toLowerCase();
  const Name = name.charAt(0).toUpperCase() + name.slice(1);
  return parsed(
    `mutation ${Name}($input:${Name}Input!){${name}(input:$input){__typename ...on ${type}CommandPayload{${field}Id version position ${field}{...State}}${errorFields}}}`,
    type,
  );
}

/** The document that reads an object again, with the same fields. */
export function readDocument(type: EntityType): DocumentNode {
  const field = type.toLowerCase();
  return parsed(`query Read${type}($id:ID!,$atLeast:Position){${field}(id:$id,atLeast:$atLeast){...State}}`, type);
}

/** Always the same object for the same text: clients remember documents by identity. */
function parsed(operation: string, type: EntityType): DocumentNode {
  let document = documents.get(operation);
  if (document === undefined) {
    document = parse(`${operation} fragment State on ${type}{__typename ${ownFields[type]}}`, { noLocation: true });
    documents.set(operation, document);
  }
  return document;
}
