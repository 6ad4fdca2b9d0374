import type { Answer, Document } from './typed-document.ts';

export interface PostOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly extensions?: object;
}

export interface PostAnswer<Data> extends Answer<Data> {
  readonly status: number;
  readonly headers: Headers;
}

/** Sends one operation over HTTP to the server whose root is `url`. */
export async function post<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
  url: string,
  document: Document<Data, Variables>,
  variables?: Variables,
  options: PostOptions = {},
): Promise<PostAnswer<Data>> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json',
      'content-type': 'application/json',
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    body: JSON.stringify({ query: String(document), variables, extensions: options.extensions }),
  });
  return { ...((await answer.json()) as Answer<Data>), status: answer.status, headers: answer.headers };
}
