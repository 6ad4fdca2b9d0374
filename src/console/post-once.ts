import type { TypedDocumentNode } from '@apollo/client';
import { OperationError } from '@orderstream/client';
import { print } from 'graphql';

/** The API of the server that the page comes from. */
export const apiUrl = new URL('/graphql', location.href).href;

/**
 * Sends an operation once, past the client.
 * @returns its data, or the first error; its code is `NETWORK` if no server answered
 */
export async function postOnce<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  token: string,
): Promise<Data | OperationError> {
  try {
    const response = await fetch(apiUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify({ query: print(document), variables }),
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
