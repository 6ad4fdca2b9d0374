import { ApolloClient } from '@apollo/client';
import { createSession } from '@orderstream/client';
import { apolloOperations, orderstreamApollo } from '@orderstream/client/apollo';
import { recordFrames } from './frame-record.ts';
import { signIn, token } from './sign-in/viewer.ts';

export const session = createSession({ url: new URL('/graphql', location.href).href, token });
export const client = new ApolloClient(orderstreamApollo(session));
/** The operations of the page, and what their subscriptions have received. */
export const { operations, frames } = recordFrames(apolloOperations(client, session));

// Before any component sees the change: nothing of the last viewer is shown to the next one.
signIn.subscribe(() => {
  const { current } = signIn;
  // After a rejected token the same viewer may go on with a fresh one.
  const isLeft = current.kind === 'switching' || (current.kind === 'out' && current.problem === undefined);
  if (isLeft) session.logout();
});
