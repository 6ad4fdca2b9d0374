import { ApolloProvider } from '@apollo/client/react';
import { OrderstreamProvider, useStore } from '@orderstream/client/react';
import { useRef } from 'react';
import { client, operations } from '../client.ts';
import { roleOf, signIn } from '../sign-in/viewer.ts';
import { LoginReturn } from '../sign-in/login-return.tsx';
import { SignInDialog } from '../sign-in/sign-in-dialog.tsx';
import { Header } from './header.tsx';
import { PageOutlet } from './page-outlet.tsx';

export function App() {
  const state = useStore(signIn);
  const role = roleOf(state);
  // After a rejected token the page stays behind the dialog: what was typed is not lost.
  const lastRole = useRef(role);
  const isRejected = state.kind === 'out' && state.problem !== undefined;
  lastRole.current = isRejected ? lastRole.current : role;

  return (
    <ApolloProvider client={client}>
      <OrderstreamProvider operations={operations}>
        {lastRole.current && (
          <>
            <a className="skip" href="#page">
              Skip to the page
            </a>
            <Header role={lastRole.current} />
            <main id="page" tabIndex={-1}>
              {state.kind !== 'switching' && <PageOutlet role={lastRole.current} />}
            </main>
          </>
        )}
        {state.kind === 'returning' && <LoginReturn />}
        {state.kind === 'out' && <SignInDialog problem={state.problem} />}
      </OrderstreamProvider>
    </ApolloProvider>
  );
}
