import { useQuery } from '@apollo/client/react';
import { ProcessesDocument } from '../generated/graphql.ts';
import { countedText, countText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { durationText } from './model-words.ts';

/** Each process reports itself this often, ms. */
const reportMs = 5_000;

/** The processes that run now. */
export function Processes() {
  const { data, error, refetch } = useQuery(ProcessesDocument, {
    fetchPolicy: 'cache-and-network',
    pollInterval: reportMs,
  });
  const processes = data?.processes;
  const releases = new Set(processes?.map(({ release }) => release));
  return (
    <section className="panel" aria-labelledby="processes">
      <header>
        <h2 id="processes">Processes</h2>
        {releases.size > 1 && (
          <span className="small warn">They run different versions: {[...releases].join(', ')}</span>
        )}
      </header>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {processes?.length === 0 && <p className="body quiet">None has reported itself yet: wait a few seconds.</p>}
      <ul className="processes">
        {processes?.map(({ id, release, host, roles, startedAt, lastSeenAt, sockets, subscriptions, lagEvents }) => (
          <li key={id} data-process={id}>
            <div className="row-main">
              <strong>{host}</strong>
              <span className="quiet small">
                {release}, {roles.map(role => role.toLowerCase()).join(' and ')}
              </span>
            </div>
            <span className="small">up {durationText((Date.parse(lastSeenAt) - Date.parse(startedAt)) / 1_000)}</span>
            <span className="small">{countedText(sockets, 'socket')}</span>
            <span className="small">{countedText(subscriptions, 'subscription')}</span>
            <span className={lagEvents > 100 ? 'small warn' : 'small'}>lag {countText(lagEvents)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
