import { useSubscription } from '@apollo/client/react';
import { useStore } from '@orderstream/client/react';
import { useState } from 'react';
import { ReadModelsDocument } from '../generated/graphql.ts';
import { Problem } from '../parts/problem.tsx';
import { isDevelopment, roleOf, signIn } from '../sign-in/viewer.ts';
import { ParkedStreams } from './parked-streams.tsx';
import { Processes } from './processes.tsx';
import { ReadModelTable } from './read-model-table.tsx';
import { Rebuild } from './rebuild.tsx';
import './views.css';

/** What an operator looks after: the read models, the streams that are parked, and the processes. */
export function ViewsPage() {
  const isOperator = roleOf(useStore(signIn)) === 'operator';
  const { data, error, restart } = useSubscription(ReadModelsDocument);
  const [requestedAt, setRequestedAt] = useState<string>();
  const models = data?.projectionsUpdated;
  const parkedCount = models?.reduce((sum, { parkedStreams }) => sum + parkedStreams, 0);
  const position = models?.map(model => model.position).sort()[0];

  return (
    <div className="views stack">
      <div className="page-head">
        <h1>Read models</h1>
        {!isOperator && (
          <p className="quiet small">
            You see everything here. To rebuild, retry or skip, {isDevelopment ? 'switch to' : 'sign in as'} operator.
          </p>
        )}
      </div>
      {error && (
        <Problem
          error={error}
          onRetry={() => {
            restart();
          }}
        />
      )}
      {!models && !error && <p className="loading">Loading…</p>}
      {models && (
        <>
          <Rebuild key={requestedAt} models={models} requestedAt={requestedAt} isOperator={isOperator} />
          <ParkedStreams position={position} count={parkedCount} isOperator={isOperator} />
          <ReadModelTable models={models} isOperator={isOperator} onRequested={setRequestedAt} />
        </>
      )}
      <Processes />
    </div>
  );
}
