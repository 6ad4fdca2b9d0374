// For the build of a front end. It is not part of a page.
import { type DocumentNode, Kind, print, type SelectionNode, visit } from 'graphql';
import { withEntityFields } from './entity-fields.ts';

export { scalars } from './scalars.ts';

interface DocumentFile {
  document?: DocumentNode;
}

/**
 * For `documentTransforms`, if documents are sent by their hash (`persistedDocuments`): adds to each document what the
 * client adds to other documents when it sends them (`id`, `version`, `position`). A hashed document is sent as it was
 * registered.
 */
export const entityFieldsDocumentTransform = {
  transform<File extends DocumentFile>({ documents }: { documents: File[] }): File[] {
    return documents.map(file => (file.document ? { ...file, document: withEntityFields(file.document) } : file));
  },
};

/**
 * The manifest for a server with TRUSTED_DOCUMENTS: each document in every form in which a client of this package sends
 * it, with the fields that the client, Apollo or urql add.
 * @param documents your own operations, each with the fragments that it uses, and those of live lists and commands
 * @returns the texts by their SHA-256, in hex
 */
export async function trustedDocuments(documents: readonly DocumentNode[]): Promise<Record<string, string>> {
  const texts = documents
    .map(withEntityFields)
    .flatMap(document => [document, withTypenames(document)])
    .map(document => print(document));
  const entries = await Promise.all([...new Set(texts)].map(async text => [await sha256(text), text] as const));
  return Object.fromEntries(entries);
}

/** Selects `__typename` in each object, last, as Apollo and urql do for their caches. */
function withTypenames(document: DocumentNode): DocumentNode {
  const typename: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
  return visit(document, {
    SelectionSet(node, _key, parent) {
      const isOperation = (parent as { readonly kind?: Kind } | undefined)?.kind === Kind.OPERATION_DEFINITION;
      const has = node.selections.some(field => field.kind === Kind.FIELD && field.name.value === '__typename');
      return isOperation || has ? undefined : { ...node, selections: [...node.selections, typename] };
    },
  });
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
