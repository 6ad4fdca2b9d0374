import { vi } from 'vitest';
import { createClient } from '../../src/client/graphql-ws.ts';
import type { ScriptedServer } from '../../src/client/testing/index.ts';

/** An answer or a frame of the scripted server. */
export interface Reply {
  readonly data?: Record<string, Record<string, unknown> | null> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  readonly extensions?: { readonly position?: string; readonly kind?: string };
}

/** The only field of an answer. */
export function fieldOf(reply: Reply): Record<string, unknown> | null | undefined {
  return Object.values(reply.data ?? {})[0];
}

export function postTo(server: ScriptedServer, query: string, variables = {}, token = server.token()) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return server.fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
}

export async function askScripted(...[server, ...request]: Parameters<typeof postTo>): Promise<Reply> {
  return (await (await postTo(server, ...request)).json()) as Reply;
}

export interface Watched {
  readonly frames: Reply[];
  readonly errors: unknown[];
  /** Codes with which the sockets were closed. */
  readonly closes: number[];
  readonly end: () => Promise<void>;
}

/** The frames of a subscription over our own socket client. @param subject of its tokens */
export function watchScripted(server: ScriptedServer, query: string, variables = {}, subject?: string): Watched {
  const client = createClient({ url: server.url, webSocketImpl: server.WebSocket, token: () => server.token(subject) });
  const frames: Reply[] = [];
  const errors: unknown[] = [];
  const closes: number[] = [];
  client.on('closed', event => closes.push((event as { readonly code: number }).code));
  const leave = client.subscribe(
    { query, variables },
    { next: frame => frames.push(frame as Reply), error: error => errors.push(error), complete: () => undefined },
  );
  return {
    frames,
    errors,
    closes,
    async end() {
      leave();
      await client.dispose();
    },
  };
}

/** What is true soon, without a server process in between. */
export function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 60_000, interval: 5 });
}
