// For the configuration of GraphQL Code Generator. It is not part of a page.
import type { DocumentNode } from 'graphql';
import { withEntityFields } from './entity-fields.ts';

export { scalars } from './scalars.ts';

interface DocumentFile {
  document?: DocumentNode;
}

/**
 * For `documentTransforms`, if the server executes only trusted documents: adds to each document what the client adds to
 * other documents when it sends them (`id`, `version`, `position`). A trusted document is sent as it was registered.
 */
export const entityFieldsDocumentTransform = {
  transform<File extends DocumentFile>({ documents }: { documents: File[] }): File[] {
    return documents.map(file => (file.document ? { ...file, document: withEntityFields(file.document) } : file));
  },
};
