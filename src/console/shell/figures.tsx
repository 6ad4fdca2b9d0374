import { useQuery, useSubscription } from '@apollo/client/react';
import { useLiveCounts, useStore } from '@orderstream/client/react';
import { ReadModelLagDocument, TodaySalesDocument } from '../generated/graphql.ts';
import { countText, eventNumber, moneyText } from '../parts/format.ts';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { currency } from './currency.ts';

/** The revenue is read again at most this often, ms: it has no subscription, and each change of an order may change it. */
const revenueIntervalMs = 1_500;

/** For staff: today's revenue, how far the read models are behind, and the position that they have reached. */
export function Figures() {
  const day = new Date().toISOString().slice(0, 10);
  const shown = useStore(currency);
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
    <dl className="figures">
      <Figure name="Today" value={moneyText(today?.revenue ?? { amount: '0', currency: shown })} />
      <Figure name="Orders" value={orderCount === undefined ? '…' : countText(orderCount)} />
      <Figure name="Lag" value={models ? countText(lag) : '…'} state={lag > 100 ? 'warn' : undefined} />
      {parked > 0 && <Figure name="Parked" value={countText(parked)} state="warn" />}
      <Figure name="Position" value={position === undefined ? '…' : countText(eventNumber(position))} />
    </dl>
  );
}

/** For a customer: how many orders they have. */
export function OwnFigures() {
  const { orderCount, openOrderCount } = useLiveCounts();
  return (
    <dl className="figures">
      <Figure name="Your orders" value={orderCount === undefined ? '…' : countText(orderCount)} />
      <Figure name="On their way" value={openOrderCount === undefined ? '…' : countText(openOrderCount)} />
    </dl>
  );
}

function Figure({ name, value, state }: { name: string; value: string; state?: string | undefined }) {
  return (
    <div data-figure={name.toLowerCase()} data-state={state}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
