import { ApolloClient } from '@apollo/client';
import { createSession, sessionOperations } from '@orderstream/client';
import { apolloOperations, orderstreamApollo } from '@orderstream/client/apollo';
import { createFrameRecord } from './frame-record.ts';
import { apiUrl } from './post-once.ts';
import { signIn, token } from './sign-in/viewer.ts';

export const session = createSession({ url: apiUrl, token });
export const client = new ApolloClient(orderstreamApollo(session));
/** What subscriptions have received. */
export const frames = createFrameRecord();
export const operations = frames.record(apolloOperations(client, session));
/** For the board: thousands of cards need not be in Apollo's cache as well, which would take most of the time. */
export const boardOperations = frames.record(sessionOperations(session));

// Before any component sees the change: nothing of the last viewer is shown to the next one.
signIn.subscribe(() => {
  const { current } = signIn;
  // After a rejected token the same viewer may go on with a fresh one.
  const isLeft = current.kind === 'switching' || (current.kind === 'out' && current.problem === undefined);
  if (isLeft) session.logout();
});
