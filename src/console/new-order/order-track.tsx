import type { OrderDetailFragment } from '../generated/graphql.ts';
import type { OrderStatus } from '../generated/schema-enums.ts';
import { statusWords } from '../words/status-words.ts';

const way: readonly OrderStatus[] = ['SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED'];

/** Where the order is on its way. It moves by itself. */
export function OrderTrack({ order }: { order: OrderDetailFragment }) {
  const reached = way.indexOf(order.status);
  const { shipment, cancellationReason } = order;
  return (
    <section className="panel track" aria-label="Where your order is" aria-live="polite">
      {order.status === 'CANCELLED' ? (
        <p className="refusal">Cancelled: {cancellationReason}</p>
      ) : (
        <ol>
          {way.map((status, index) => (
            <li key={status} data-reached={index <= reached || undefined} data-status={status}>
              <i aria-hidden="true" />
              {statusWords[status]}
              {index === reached && <span className="hidden"> (now)</span>}
            </li>
          ))}
        </ol>
      )}
      <p className="quiet small">
        {shipment
          ? `On its way with ${shipment.carrier}${shipment.trackingNumber === null ? '' : `, ${shipment.trackingNumber}`}`
          : 'Leave this page open: it shows each step as it happens.'}
      </p>
    </section>
  );
}
