import type { Authorization } from './viewers.ts';

/** Sends one operation by POST, with the token of a viewer. */
export type Post = (
  authorization: Authorization,
  request: {
    /** The operation as JSON. */
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export function openPost(url: string, fetched: typeof fetch): Post {
  return ({ token }, { body, headers, signal }) =>
    fetched(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body,
      signal,
    });
}
