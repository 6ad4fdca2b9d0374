import { ApolloClient } from '@apollo/client';
import { createSession } from '@orderstream/client';
import { apolloOperations, orderstreamApollo } from '@orderstream/client/apollo';
import { recordFrames } from './frame-record.ts';
import { roleOf, signIn, token } from './sign-in/viewer.ts';

export const session = createSession({ url: new URL('/graphql', location.href).href, token });
export const client = new ApolloClient(orderstreamApollo(session));
/** The operations of the page, and what their subscriptions have received. */
export const { operations, frames } = recordFrames(apolloOperations(client, session));

let viewerRole = roleOf(signIn.current);
// Before any component sees the change: nothing of the last viewer is shown to the next one.
signIn.subscribe(() => {
  const { current } = signIn;
  // The token was rejected: the same viewer may go on with a fresh one.
  if (current.kind === 'out' && current.problem !== undefined) return;
  const role = roleOf(current);
  if (role === viewerRole) return;
  viewerRole = role;
  session.logout();
});
