import type { Data } from './data.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';
import { type Answer, codeOf } from './operation-session.ts';
import type { Session } from './session.ts';

/** The operations of a session, for pages without a GraphQL client: nothing is cached. */
export function sessionOperations(session: Session): Operations {
  return {
    session,
    query: async (document, variables, signal) => dataOf(await session.ask({ document, variables }, signal)),
    mutate: async (document, variables, viewer) => dataOf(await session.ask({ document, variables, viewer })),
    subscribe: (document, variables, sink) => session.subscribe({ document, variables }, sink),
  };
}

/** @throws OperationError if the answer has errors */
export function dataOf({ data, errors }: Answer): Data {
  const [error] = errors ?? [];
  if (error) throw new OperationError(codeOf(error) ?? 'INTERNAL', error.message);
  return data as Data;
}
