import { OrderstreamProvider } from '@orderstream/client/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Board } from './board.tsx';
import { operations, session } from './client.ts';

function App() {
  const [viewer, setViewer] = useState(localStorage.getItem('viewer'));

  function become(next: string) {
    localStorage.setItem('viewer', next);
    session.logout();
    setViewer(next);
  }
  if (viewer) return <Board viewer={viewer} onSignOut={() => become('')} />;
  return (
    <form data-action="login" action={data => become(data.get('viewer') as string)}>
      <label htmlFor="viewer">Sign in as staff, or with the id of a customer</label>
      <input id="viewer" name="viewer" defaultValue="staff" required />
      <button>Sign in</button>
    </form>
  );
}

createRoot(document.getElementById('root')!).render(
  <OrderstreamProvider operations={operations}>
    <App />
  </OrderstreamProvider>,
);
