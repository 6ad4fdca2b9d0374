import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { ParkedStreamsDocument } from '../generated/graphql.ts';
import { Pager } from '../parts/pager.tsx';
import { Problem } from '../parts/problem.tsx';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { useUrlValues } from '../parts/use-url-values.ts';
import { type ParkedOutcome, ParkedRow } from './parked-row.tsx';

const pageSize = 20;
/** The list is read again when the read models move, at most this often, ms. */
const refreshMs = 1_000;

/** @param props.count of parked streams over all read models @param props.position of the read models */
export function ParkedStreams(props: { position: string | undefined; count: number | undefined; isOperator: boolean }) {
  const { position, count, isOperator } = props;
  const [get, set] = useUrlValues();
  const [after, before] = [get('after'), get('before')];
  const page = before === '' ? { first: pageSize, after: after === '' ? null : after } : { last: pageSize, before };
  const { data, previousData, error, refetch } = useQuery(ParkedStreamsDocument, {
    variables: page,
    fetchPolicy: 'cache-and-network',
  });
  const refresh = () => void refetch().catch(() => undefined);
  useAtMostEvery(refreshMs, `${position} ${count}`, refresh);
  const [outcome, setOutcome] = useState<ParkedOutcome>();
  const parked = (data ?? previousData)?.parkedStreams;

  return (
    <section className="panel" id="parked" aria-labelledby="parked-title">
      <header>
        <h2 id="parked-title">Parked streams</h2>
        <span className="quiet small">
          Streams with an event that the read models cannot process. Their rows stay as they were before it.
        </span>
      </header>
      {error && <Problem error={error} onRetry={refresh} />}
      {outcome && (
        <p ref={focus} tabIndex={-1} className="notice" role="status" data-outcome={outcome.streamId}>
          <code>{outcome.streamId}</code>: {outcome.text}
        </p>
      )}
      {parked?.nodes.length === 0 && <p className="body quiet">No stream is parked: every event was folded.</p>}
      {parked && parked.nodes.length > 0 && (
        <>
          <ul className="parked">
            {parked.nodes.map(stream => (
              <ParkedRow
                key={stream.id}
                stream={stream}
                isOperator={isOperator}
                onOutcome={next => {
                  setOutcome(next);
                  refresh();
                }}
              />
            ))}
          </ul>
          <Pager
            noun="parked stream"
            shown={parked.nodes.length}
            total={parked.totalCount}
            place={parked.pageInfo}
            onTurn={to => {
              set(to, { push: true });
            }}
          />
        </>
      )}
    </section>
  );
}

/** The button that was pressed is gone with its row. */
function focus(element: HTMLElement | null): void {
  element?.focus();
}
