import { gql } from '@urql/core';
import type { OrderFragment, OrderStatus } from '@orderstream/client';
import { useConnection, useLiveBoard, useLiveCounts, useStore } from '@orderstream/client/react';
import { queue } from './client.ts';

type Order = { id: string; number: string; version: number; status: OrderStatus; availableActions: string[] };
type Row = Order & { customer: { name: string }; total: { amount: string; currency: string } };

const fragment: OrderFragment<Row> = gql`
  fragment Row on Order {
    id
    number
    version
    status
    availableActions
    customer {
      name
    }
    total {
      amount
      currency
    }
  }
`;

const statuses = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'] as const;
const columns = Object.fromEntries(statuses.map(status => [status, [status]])) as Record<OrderStatus, [OrderStatus]>;

/** What each action sends, and how the order looks until the answer is there. */
const steps = [
  { action: 'SUBMIT', name: 'submitOrder', input: {}, status: 'SUBMITTED', next: ['CANCEL'] },
  { action: 'CONFIRM', name: 'confirmOrder', input: {}, status: 'CONFIRMED', next: ['SHIP', 'CANCEL'] },
  { action: 'SHIP', name: 'shipOrder', input: { carrier: 'Own van' }, status: 'SHIPPED', next: ['DELIVER'] },
  { action: 'DELIVER', name: 'deliverOrder', input: {}, status: 'DELIVERED', next: [] },
  { action: 'CANCEL', name: 'cancelOrder', input: { reason: 'On the board' }, status: 'CANCELLED', next: [] },
] as const;

export function Board({ viewer, onSignOut }: { viewer: string; onSignOut: () => void }) {
  const { columns: shown, status, error, loadMore, retry } = useLiveBoard({ fragment, columns });
  const { orderCount, byStatus } = useLiveCounts();
  const connection = useConnection();
  const pending = useStore(queue.pending);
  const ids = statuses.flatMap(name => shown[name].rows.map(({ id }) => id));

  return (
    <main data-viewer={viewer} data-connection={connection.status} data-state={status}>
      <header>
        <h1>Orders {orderCount !== undefined && <span data-count="all">{orderCount}</span>}</h1>
        <p role="status">
          {connection.status}, <span data-queue>{pending.length}</span> to send
        </p>
        <button data-action="logout" onClick={onSignOut}>
          Sign out {viewer}
        </button>
      </header>
      {error && <button onClick={retry}>{error.message} Try again</button>}
      <Refusals of={id => !ids.includes(id)} />
      {statuses.map(name => (
        <section key={name} data-column={name} data-more={shown[name].hasMore}>
          <h2>
            {name} {byStatus && <span data-count={name}>{byStatus[name]}</span>}
          </h2>
          {shown[name].rows.map(order => (
            <Card key={order.id} order={order} isPending={pending.some(({ input }) => input['orderId'] === order.id)} />
          ))}
          {shown[name].hasMore && (
            <button data-action="more" disabled={shown[name].isLoading} onClick={() => loadMore(name)}>
              Load more
            </button>
          )}
        </section>
      ))}
    </main>
  );
}

function Card({ order, isPending }: { order: Row; isPending: boolean }) {
  const { id, number, version, status, availableActions, customer, total } = order;
  const send = ({ name, input, status, next }: (typeof steps)[number]) =>
    queue.add(name, { orderId: id, ...input }, { optimistic: { status, availableActions: next } });
  return (
    <article data-order-id={id} data-version={version} data-status={status} data-pending={isPending || undefined}>
      <h3>{number}</h3>
      <p>{`${customer.name}, ${total.amount} ${total.currency}`}</p>
      <Refusals of={orderId => orderId === id} />
      {steps
        .filter(({ action }) => availableActions.includes(action))
        .map(step => (
          <button key={step.name} data-command={step.name} onClick={() => void send(step)}>
            {step.action.toLowerCase()} <span className="hidden">{number}</span>
          </button>
        ))}
    </article>
  );
}

/** Why commands for these orders were not accepted. */
function Refusals({ of }: { of: (orderId: string) => boolean }) {
  const refusals = useStore(queue.refusals).filter(({ input }) => of(String(input['orderId'])));
  return refusals.map(({ id, name, input, error }) => (
    <p key={id} role="alert" data-refusal={input['orderId']}>
      {name}: {error.__typename}. {error.message}
      <button data-action="dismiss" onClick={() => void queue.dismiss(id)}>
        Dismiss
      </button>
    </p>
  ));
}
