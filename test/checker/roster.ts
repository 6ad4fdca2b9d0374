import type { Kind, Watched } from './history.ts';
import { customerCount, customerIdOf, hotOrders, orderIdOf, ownerOf, type Plan, startingOrders } from './plan.ts';

const kinds: readonly Kind[] = [
  'orderUpdated',
  'customerOrdersUpdated',
  'ordersUpdated',
  'orderUpdated',
  'orderEvents',
  'customerOrdersUpdated',
  'eventsAppended',
  'orderUpdated',
];
const transports = ['WebSocket', 'SSE'] as const;

/** Subscribers of every kind and transport: staff and customers, with and without a filter. */
export function rosterOf(plan: Plan, count: number): Watched[] {
  return Array.from({ length: count }, (_, index): Watched => {
    const place = index % kinds.length;
    const kind = kinds[place]!;
    const turn = Math.floor(index / kinds.length);
    // Staff and a customer watch the same orders, so that a leak between them would show.
    const pair = turn >> 1;
    const order = place === 0 ? pair % hotOrders : (place * 5 + pair * 7) % startingOrders;
    const customer = kind === 'customerOrdersUpdated' ? (place + pair) % customerCount : ownerOf(order);
    const staffOnly = kind === 'ordersUpdated' || kind === 'eventsAppended';
    const isStaff = staffOnly || turn % 2 === 0;
    const subject = isStaff ? `staff ${index % 3}` : customerIdOf(plan, customer);
    const isList = kind === 'ordersUpdated' || kind === 'customerOrdersUpdated';
    return {
      name: `${index + 1} ${kind}`,
      kind,
      transport: transports[(index + turn) % 2]!,
      viewer: { role: isStaff ? 'staff' : 'customer', subject },
      id: idOf(kind, plan, order, customer),
      statusIn: isList && pair % 2 === 1 ? ['DRAFT', 'SHIPPED'] : undefined,
    };
  });
}

/** Subscribers whose tokens last only seconds. */
export function isShortLived(index: number): boolean {
  return index % 7 === 5;
}

/** Two subscribers of the first order for the whole run: they time the lone commands. */
export function timekeepersOf(plan: Plan): Watched[] {
  const staff = { viewer: { role: 'staff', subject: 'clock' }, transport: 'WebSocket', statusIn: undefined } as const;
  return [
    { ...staff, name: 'clock orderUpdated', kind: 'orderUpdated', id: orderIdOf(plan, 0) },
    { ...staff, name: 'clock eventsAppended', kind: 'eventsAppended', id: '' },
  ];
}

function idOf(kind: Kind, plan: Plan, order: number, customer: number): string {
  switch (kind) {
    case 'orderUpdated':
    case 'orderEvents':
      return orderIdOf(plan, order);
    case 'customerOrdersUpdated':
      return customerIdOf(plan, customer);
    case 'ordersUpdated':
    case 'eventsAppended':
      return '';
  }
}
