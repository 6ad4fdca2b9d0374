import type { TypedDocumentNode } from '@apollo/client';
import { OperationError } from '@orderstream/client';
import { postOnce } from '../post-once.ts';
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
  const startMs = performance.now();
  for (;;) {
    const answer = await token(false).then(
      held => postOnce(document, variables, held),
      (error: unknown) => new OperationError('NETWORK', String(error)),
    );
    if (answer instanceof OperationError) {
      if (answer.code !== 'NETWORK' || performance.now() - startMs > patienceMs) throw answer;
      await new Promise(resolve => setTimeout(resolve, pauseMs));
    } else return answer;
  }
}
