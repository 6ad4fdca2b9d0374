// Runs in the build: what the server has to know of the console.
import { trustedDocuments } from '@orderstream/client/codegen';
import { documents } from './documents.ts';
import { routes } from './routes.ts';

/** The content of server.json. */
export async function forServer(): Promise<object> {
  return {
    /** Paths of the pages; a part that begins with a colon stands for any text. */
    routes: Object.values(routes),
    /** The texts that the page sends, by their SHA-256: a manifest of trusted documents. */
    documents: await trustedDocuments(documents),
  };
}
