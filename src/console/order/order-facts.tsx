import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { OrderDetailFragment } from '../generated/graphql.ts';
import { momentText } from '../parts/format.ts';
import { routes } from '../routes.ts';
import type { PastOrder } from './use-past-order.ts';

/** Who ordered, when, and where it is. */
export function OrderFacts({ order, past }: { order: OrderDetailFragment; past: PastOrder | undefined }) {
  const { customer, reference } = order;
  const { shipment, cancellationReason } = past ?? order;
  return (
    <section className="panel" aria-label="Facts">
      <dl className="facts">
        <Fact name="Customer">
          <Link href={`${routes.board}?customer=${customer.id}`}>{customer.name}</Link>
          <span className="quiet small">{customer.email}</span>
        </Fact>
        {reference !== null && <Fact name="Reference">{reference}</Fact>}
        <Fact name="Created">{momentText(order.createdAt)}</Fact>
        <Fact name={past ? 'At this version' : 'Last change'}>{momentText(past?.occurredAt ?? order.updatedAt)}</Fact>
        {shipment && (
          <Fact name="Shipment">
            {shipment.carrier}
            {shipment.trackingNumber !== null && <code>{shipment.trackingNumber}</code>}
          </Fact>
        )}
        {cancellationReason !== null && <Fact name="Cancelled because">{cancellationReason}</Fact>}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
