// Runs in the build: what the server has to know of the console.
import { trustedDocuments } from '@orderstream/client/codegen';
import { type DocumentNode, print } from 'graphql';
import { documents, sentAsWritten } from './documents.ts';
import { routes } from './routes.ts';

/** The content of server.json. */
export async function forServer(): Promise<object> {
  return {
    /** Paths of the pages; a part that begins with a colon matches any text. */
    routes: Object.values(routes),
    /** The texts that the page sends, by their SHA-256: a manifest of trusted documents. */
    documents: { ...(await trustedDocuments(documents)), ...(await byHash(sentAsWritten)) },
  };
}

async function byHash(written: readonly DocumentNode[]): Promise<Record<string, string>> {
  const texts = written.map(document => print(document));
  return Object.fromEntries(await Promise.all(texts.map(async text => [await sha256(text), text] as const)));
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
}
