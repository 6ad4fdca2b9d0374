import { useQuery } from '@apollo/client/react';
import { useLiveOrder } from '@orderstream/client/react';
import { Link } from 'wouter';
import { OrderDetailFragmentDoc, OrderIdOfDocument } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { StatusLabel } from '../parts/status-label.tsx';
import { useUrlState } from '../parts/use-url-state.ts';
import { routes } from '../routes.ts';
import { CommandWayLine } from './command-way-line.tsx';
import './order.css';
import { History } from './history.tsx';
import { OrderActions } from './order-actions.tsx';
import { OrderFacts } from './order-facts.tsx';
import { OrderLines } from './order-lines.tsx';
import { TimeSlider } from './time-slider.tsx';
import { useOrderHistory } from './use-order-history.ts';
import { usePastOrder } from './use-past-order.ts';
import { useTimedCommand } from './use-timed-command.ts';

export function OrderPage({ number }: { number: string }) {
  const { data, error, refetch } = useQuery(OrderIdOfDocument, { variables: { number }, fetchPolicy: 'network-only' });
  if (error) return <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />;
  if (!data) return <p className="loading">Loading…</p>;
  if (!data.orderByNumber) return <NoSuchOrder number={number} />;
  return <OrderView key={data.orderByNumber.id} id={data.orderByNumber.id} number={data.orderByNumber.number} />;
}

function NoSuchOrder({ number }: { number: string }) {
  return (
    <EmptyState heading="h1" title={`There is no order ${number}`}>
      <p>Check the number: it has eight letters and digits, like K7Q2-9XF4. Customers see only their own orders.</p>
      <Link href={routes.board} className="button">
        Back to the board
      </Link>
    </EmptyState>
  );
}

function OrderView({ id, number }: { id: string; number: string }) {
  const { order, error, retry } = useLiveOrder(id, OrderDetailFragmentDoc);
  const { events, error: historyError } = useOrderHistory(id);
  const { send, way } = useTimedCommand(id, order?.status);
  const [at, setAt] = useUrlState('at');
  const newest = Math.max(events.at(-1)?.version ?? 0, order?.version ?? 0);
  const version = Number(at);
  const isPast = Number.isInteger(version) && version > 0 && version < newest;
  const { past, error: pastError } = usePastOrder(id, isPast ? version : undefined);

  if (!order) return error ? <Problem error={error} onRetry={retry} /> : <p className="loading">Loading {number}…</p>;
  return (
    <div className="order">
      <div className="page-head">
        <h1>
          Order <span className="mono">{number}</span>
        </h1>
        <StatusLabel status={isPast && past ? past.status : order.status} />
        {order.status === 'DRAFT' && (
          <Link href={`${routes.newOrder}?draft=${id}`} className="button">
            Change its lines
          </Link>
        )}
      </div>
      {error && <Problem error={error} onRetry={retry} />}
      <div className="order-columns">
        <div className="stack">
          <section className="panel" aria-label="Lines">
            <TimeSlider
              events={events}
              newest={newest}
              version={isPast ? version : newest}
              onChange={next => {
                setAt(next >= newest ? '' : String(next));
              }}
            />
            {pastError && <Problem error={pastError} />}
            <OrderLines order={order} past={isPast ? past : undefined} />
          </section>
          <History
            events={events}
            error={historyError}
            customer={order.customer}
            version={isPast ? version : newest}
            onShow={next => {
              setAt(next >= newest ? '' : String(next));
            }}
          />
        </div>
        <aside className="stack">
          {!isPast && (
            <section className="panel" aria-label="Next steps">
              <header>
                <h2>Next steps</h2>
              </header>
              <div className="body stack">
                <OrderActions available={order.availableActions} send={send} />
                {order.availableActions.length === 0 && <p className="quiet">Nothing is left to do.</p>}
                {way && <CommandWayLine way={way} />}
              </div>
            </section>
          )}
          {isPast && (
            <section className="panel past-note">
              <div className="body stack">
                <p>
                  You look at version {version} of {newest}. Differences to the present are marked.
                </p>
                <button
                  onClick={() => {
                    setAt('');
                  }}
                >
                  Back to now
                </button>
              </div>
            </section>
          )}
          <OrderFacts order={order} past={isPast ? past : undefined} />
        </aside>
      </div>
    </div>
  );
}
