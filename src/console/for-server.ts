// Runs in the build: what the server has to know of the console.
import { trustedDocuments } from '@orderstream/client/codegen';
import { print } from 'graphql';
import { documents, sentAsWritten } from './documents.ts';
import { returnPath, routes } from './routes.ts';

/** What the build writes into server.json. */
export interface ForServer {
  /** Paths of the pages; a part that begins with a colon matches any text. */
  readonly routes: readonly string[];
  /** The texts that the page sends, by their SHA-256: a manifest of trusted documents. */
  readonly documents: Readonly<Record<string, string>>;
  /** Texts that belong into that manifest as they are. */
  readonly texts: readonly string[];
}

export async function forServer(): Promise<ForServer> {
  return {
    routes: [...Object.values(routes), returnPath],
    documents: await trustedDocuments(documents),
    texts: sentAsWritten.map(document => print(document)),
  };
}
