import { useQuery, useSubscription } from '@apollo/client/react';
import { useConnection, useLiveCounts, useStore } from '@orderstream/client/react';
import type { ReactNode } from 'react';
import { ReadModelLagDocument, TodaySalesDocument, ViewerDocument } from '../generated/graphql.ts';
import { countText, eventNumber, moneyText } from '../parts/format.ts';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { currency } from './currency.ts';

/** The revenue is read again at most this often, ms: it has no subscription, and each change of an order may change it. */
const revenueIntervalMs = 1_500;

/** For staff: today's revenue, how far the read models are behind, and the position that they have reached. */
export function Figures() {
  const day = new Date().toISOString().slice(0, 10);
  const shown = useStore(currency);
  const isLive = useConnection().status === 'live';
  const { data: sales, refetch } = useQuery(TodaySalesDocument, { variables: { day, currency: shown } });
  const { orderCount, byStatus } = useLiveCounts();
  const { data: models } = useSubscription(ReadModelLagDocument);
  useAtMostEvery(revenueIntervalMs, byStatus, () => void refetch().catch(() => undefined));

  const [today] = sales?.salesByDay ?? [];
  const projections = models?.projectionsUpdated ?? [];
  const lag = Math.max(0, ...projections.map(({ lagEvents }) => lagEvents));
  // A parked stream is missing in each read model that folds it.
  const parked = Math.max(0, ...projections.map(({ parkedStreams }) => parkedStreams));
  const [position] = projections.map(projection => projection.position).sort();
  return (
    <List>
      <Figure name="Sold today" value={moneyText(today?.revenue ?? { amount: '0', currency: shown })} />
      <Figure name="All orders" value={orderCount === undefined ? '…' : countText(orderCount)} />
      <Figure
        name="Lag"
        about="Events that are stored and not yet in the read models"
        value={models && isLive ? countText(lag) : '…'}
        state={lag > 100 ? 'warn' : undefined}
      />
      {parked > 0 && <Figure name="Parked" value={countText(parked)} state="warn" />}
      <Figure
        name="Position"
        about="The number of the last event that is in the read models"
        value={position === undefined ? '…' : countText(eventNumber(position))}
      />
    </List>
  );
}

/** For a customer: who they are, and how many orders they have. */
export function OwnFigures() {
  const { orderCount, openOrderCount } = useLiveCounts();
  const { data } = useQuery(ViewerDocument);
  const name = data?.viewer.customer?.name;
  return (
    <List>
      {name !== undefined && <Figure name="You" value={name} />}
      <Figure name="Your orders" value={orderCount === undefined ? '…' : countText(orderCount)} />
      <Figure name="Open" value={openOrderCount === undefined ? '…' : countText(openOrderCount)} />
    </List>
  );
}

/** Grey while nothing arrives: the figures are those of before. */
function List({ children }: { children: ReactNode }) {
  const { status } = useConnection();
  return (
    <dl className="figures" data-stale={status === 'paused' || status === 'reconnecting' || status === 'offline'}>
      {children}
    </dl>
  );
}

function Figure(props: { name: string; value: string; about?: string; state?: string | undefined }) {
  const { name, value, about, state } = props;
  return (
    <div data-figure={name.toLowerCase()} data-state={state} title={about}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
