import type { Style } from '../../development/terminal-style.ts';

/** One frame of a list of orders. */
export interface Update {
  readonly kind: 'UPDATE' | 'PROGRESS' | 'RESYNC';
  readonly position: string;
  readonly orderId: string | null;
  /** Null if it could not be read. */
  readonly order: {
    readonly number: string;
    readonly status: string;
    readonly itemCount: number;
    readonly total: { readonly amount: string; readonly currency: string };
    readonly customer: { readonly name: string };
    readonly updatedAt: string;
  } | null;
}

const colours: Readonly<Record<string, Parameters<Style>[0]>> = {
  DRAFT: 'dim',
  SUBMITTED: 'cyan',
  CONFIRMED: 'cyan',
  SHIPPED: 'yellow',
  DELIVERED: 'green',
  CANCELLED: 'red',
};

/** One change as a line: time, order, status, items, sum, customer, and the position to resume from. */
export function lineOf({ order, orderId, position }: Update, style: Style): string {
  if (order === null) return `${orderId ?? 'an order'}  could not be read  ${style('dim', position)}`;
  const { number, status, itemCount, total, customer, updatedAt } = order;
  const items = `${itemCount} ${itemCount === 1 ? 'item' : 'items'}`;
  // XXX is the currency of an order without lines.
  const sum = total.currency === 'XXX' ? '' : `${total.amount} ${total.currency}`;
  return [
    style('dim', new Date(updatedAt).toTimeString().slice(0, 8)),
    style('bold', number),
    style(colours[status] ?? 'bold', status.padEnd(9)),
    items.padStart(9),
    sum.padStart(13),
    customer.name,
    style('dim', position),
  ].join('  ');
}
