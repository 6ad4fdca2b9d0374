import type { TypedDocumentNode } from '@apollo/client';
import { OperationError } from '@orderstream/client';
import { print } from 'graphql';
import { session } from '../client.ts';
import { token } from '../sign-in/viewer.ts';

/** How long it is tried again while no server answers, ms. */
const patienceMs = 20_000;
const pauseMs = 250;

/**
 * Asks the server past the client. The client would answer with the newest state that it knows of each order, and what
 * the server says is to be held against exactly that.
 * @throws OperationError
 */
export async function askServer<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const body = JSON.stringify({ query: print(document), variables });
  const startMs = performance.now();
  for (;;) {
    const answer = await post<Data>(body);
    if (answer instanceof OperationError) {
      if (answer.code !== 'NETWORK' || performance.now() - startMs > patienceMs) throw answer;
      await new Promise(resolve => setTimeout(resolve, pauseMs));
    } else return answer;
  }
}

async function post<Data>(body: string): Promise<Data | OperationError> {
  try {
    const response = await fetch(session.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        authorization: `Bearer ${await token(false)}`,
      },
      body,
    });
    const { data, errors } = (await response.json()) as {
      data?: Data;
      errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
    };
    const [error] = errors ?? [];
    if (error) return new OperationError(error.extensions?.code ?? 'INTERNAL', error.message);
    return data as Data;
  } catch (error) {
    return new OperationError('NETWORK', String(error));
  }
}
