import type { DocumentNode } from 'graphql';
import { type Data, OperationError, type Operations, type Variables } from './operations.ts';
import { type Answer, codeOf } from './operation-session.ts';
import type { Session } from './session.ts';

/** The operations of a session, for pages without a GraphQL client: nothing is cached. */
export function sessionOperations(session: Session): Operations {
  const ask = async (document: DocumentNode, variables: Variables, signal?: AbortSignal) =>
    dataOf(await session.ask({ document, variables }, signal));
  return {
    session,
    query: ask,
    mutate: (document, variables) => ask(document, variables),
    subscribe: (document, variables, sink) => session.subscribe({ document, variables }, sink),
  };
}

/** @throws OperationError if the answer has errors */
export function dataOf({ data, errors }: Answer): Data {
  const [error] = errors ?? [];
  if (error) throw new OperationError(codeOf(error) ?? 'INTERNAL', error.message);
  return data as Data;
}
