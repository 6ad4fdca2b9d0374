import { createCommandQueue, createSession } from '@orderstream/client';
import { developmentToken } from '@orderstream/client/development';
import { orderstreamExchanges, urqlOperations } from '@orderstream/client/urql';
import { cacheExchange, Client } from '@urql/core';

let held = { viewer: '', token: '' };

/** Called for each request and each connection. @param refused whether a fresh token is needed */
async function token(refused: boolean, signal: AbortSignal): Promise<string> {
  const viewer = localStorage.getItem('viewer');
  if (!viewer) throw new Error('Nobody is signed in.');
  if (import.meta.env.DEV) return developmentToken(viewer);
  if (held.viewer === viewer && !refused) return held.token;
  const response = await fetch(`/token?viewer=${viewer}`, { signal }); // your login
  if (!response.ok) throw new Error(`/token answers ${response.status}.`);
  return (held = { viewer, token: await response.text() }).token;
}

export const session = createSession({ url: new URL('/graphql', location.href).href, token });
export const client = new Client({ url: session.url, exchanges: orderstreamExchanges(session, cacheExchange) });
export const operations = urqlOperations(client, session);
/** Commands are stored here until they are answered, also if the page is closed before. */
export const queue = await createCommandQueue(operations);

// Another tab signed in or out.
addEventListener('storage', ({ key }) => key === 'viewer' && location.reload());
