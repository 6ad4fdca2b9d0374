import { noteOperation } from './run-log.ts';
import type { Answer, Document } from './typed-document.ts';

export interface PostOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly extensions?: object;
  /** Timeout, ms. */
  readonly patience?: number | undefined;
}

export interface PostAnswer<Data> extends Answer<Data> {
  readonly status: number;
  readonly headers: Headers;
}

/** Sends one operation over HTTP to the server with root `url`. */
export async function post<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
  url: string,
  document: Document<Data, Variables>,
  variables?: Variables,
  options: PostOptions = {},
): Promise<PostAnswer<Data>> {
  noteOperation(String(document), variables);
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json',
      'content-type': 'application/json',
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    body: JSON.stringify({ query: String(document), variables, extensions: options.extensions }),
    ...(options.patience !== undefined && { signal: AbortSignal.timeout(options.patience) }),
  });
  return { ...((await answer.json()) as Answer<Data>), status: answer.status, headers: answer.headers };
}
