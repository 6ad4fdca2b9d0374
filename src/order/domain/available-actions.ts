import { hasRight, type Role } from '../../commands/decider.ts';
import type { DraftOrder, Order } from './order.ts';

export const orderActions = [
  'ADD_ITEM',
  'REMOVE_ITEM',
  'CHANGE_QUANTITY',
  'SUBMIT',
  'CONFIRM',
  'SHIP',
  'DELIVER',
  'CANCEL',
] as const;
export type OrderAction = (typeof orderActions)[number];

const staffOnly: readonly OrderAction[] = ['CONFIRM', 'SHIP', 'DELIVER'];

/** An order as the domain folds it or as a view has it. */
type OrderState =
  | { readonly status: DraftOrder['status']; readonly lines: readonly unknown[] }
  | { readonly status: Exclude<Order['status'], DraftOrder['status']> };

/** What this role may do next to an order in this state, in the schema's order. */
export function availableActions(order: OrderState, role: Role): readonly OrderAction[] {
  const actions = actionsIn(order);
  return hasRight({ role }, 'staff') ? actions : actions.filter(action => !staffOnly.includes(action));
}

function actionsIn(order: OrderState): readonly OrderAction[] {
  switch (order.status) {
    case 'None':
      return [];
    case 'DRAFT':
      if (order.lines.length === 0) return ['ADD_ITEM', 'CANCEL'];
      return ['ADD_ITEM', 'REMOVE_ITEM', 'CHANGE_QUANTITY', 'SUBMIT', 'CANCEL'];
    case 'SUBMITTED':
      return ['CONFIRM', 'CANCEL'];
    case 'CONFIRMED':
      return ['SHIP', 'CANCEL'];
    case 'SHIPPED':
      return ['DELIVER'];
    case 'DELIVERED':
    case 'CANCELLED':
      return [];
  }
}
