import { post } from './post.ts';
import { connectSocket } from './socket.ts';
import type { Answer, Document, ErrorAnswer } from './typed-document.ts';

/** Sends operations of one caller and resolves with the first response of each. It must be closed. */
export interface Asker {
  readonly ask: <Data = Record<string, unknown>, Variables = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Variables,
  ) => Promise<Answer<Data>>;
  readonly close: () => Promise<void>;
}

export type Transport = 'HTTP' | 'SSE' | 'WebSocket';

/**
 * The transports, which must give the same responses: HTTP for queries and mutations, SSE for subscriptions,
 * WebSocket for all.
 */
export const openAsker: { readonly [Name in Transport]: (url: string, token?: string) => Promise<Asker> } = {
  HTTP: (url, token) =>
    Promise.resolve({
      ask: async (document, variables) => {
        const { headers: _, ...answer } = await post(url, document, variables, withToken(token));
        return answer;
      },
      close: () => Promise.resolve(),
    }),

  SSE: (url, token) =>
    Promise.resolve({
      ask: (document, variables) => firstEvent(url, { query: String(document), variables }, token) as never,
      close: () => Promise.resolve(),
    }),

  WebSocket: async (url, token) => {
    const socket = await connectSocket(url, token);
    return {
      ask: async (document, variables) => {
        const operation = socket.subscribe(document, variables);
        const { type, payload } = await operation.frame();
        if (type === 'next') operation.complete();
        // An operation that was never executed (a syntax or validation error) ends with its errors only.
        return type === 'error' ? { errors: payload as readonly ErrorAnswer[] } : (payload as never);
      },
      close: () => socket.close(),
    };
  },
};

function withToken(token: string | undefined): { readonly token?: string } {
  return token === undefined ? {} : { token };
}

/** Data of the stream's first event; then the stream is closed. */
async function firstEvent(url: string, operation: object, token: string | undefined): Promise<unknown> {
  const leave = new AbortController();
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(operation),
    signal: leave.signal,
  });
  let text = '';
  try {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const data = /^data: (.+)\n/m.exec(text)?.[1];
      if (data !== undefined) return JSON.parse(data);
    }
    throw new Error(`the stream ended without an event: ${answer.status} ${text}`);
  } finally {
    leave.abort();
  }
}
