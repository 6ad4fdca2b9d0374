import { reject } from '../../commands/decider.ts';
import { maximumLines, maximumQuantity, maximumTotal } from './limits.ts';

// The messages say what to do.
const messages = {
  ORDER_ALREADY_EXISTS: 'An order with this id exists already: choose another id.',
  ORDER_NOT_DRAFT: 'The order was submitted and its lines are fixed: create another order.',
  ORDER_EMPTY: 'The order has no lines: add an item first.',
  ORDER_NOT_SUBMITTED: 'Only a submitted order can be confirmed.',
  ORDER_NOT_CONFIRMED: 'Only a confirmed order can be shipped.',
  ORDER_NOT_SHIPPED: 'Only a shipped order can be delivered.',
  ORDER_ALREADY_SHIPPED: 'The order was shipped: it can no longer be cancelled.',
  ORDER_CANCELLED: 'The order was cancelled: create another order.',
  LINE_NOT_FOUND: 'The order has no line with this id: read the order again to get the ids of its lines.',
  LINE_ALREADY_EXISTS: 'This order uses the line id for another product or price: choose another id or leave it out.',
  TOO_MANY_LINES: `An order has at most ${maximumLines} lines: put the rest into another order.`,
  QUANTITY_OUT_OF_RANGE: `A line has 1 to ${maximumQuantity} units: choose another quantity.`,
  TOTAL_OUT_OF_RANGE: `An order's total is at most ${maximumTotal} of its currency's smallest unit: order less.`,
  CURRENCY_MISMATCH: "The product has no price in the order's currency: put it into another order.",
  PRODUCT_NOT_FOUND: 'There is no product with this id: check the id.',
  PRODUCT_UNAVAILABLE: 'The product is not available now: leave it out or try again later.',
  CUSTOMER_NOT_FOUND: 'There is no customer with this id: register the customer first.',
} as const;

export type OrderRejectionReason = keyof typeof messages;

/** The reasons and what they mean, as in the public schema. */
export const orderRejectionReasons: { readonly [Reason in OrderRejectionReason]: string } = {
  ORDER_ALREADY_EXISTS: 'An order with this id exists already.',
  ORDER_NOT_DRAFT: 'Only a draft can be changed or submitted.',
  ORDER_EMPTY: 'An order without lines cannot be submitted.',
  ORDER_NOT_SUBMITTED: 'Only a submitted order can be confirmed.',
  ORDER_NOT_CONFIRMED: 'Only a confirmed order can be shipped.',
  ORDER_NOT_SHIPPED: 'Only a shipped order can be delivered.',
  ORDER_ALREADY_SHIPPED: 'A shipped order cannot be cancelled.',
  ORDER_CANCELLED: 'A cancelled order cannot be changed.',
  LINE_NOT_FOUND: 'The order has no line with this id.',
  LINE_ALREADY_EXISTS: 'The order uses the line id for another product or price.',
  TOO_MANY_LINES: 'The order would have too many lines.',
  QUANTITY_OUT_OF_RANGE: 'The quantity of a line is too small or too large.',
  TOTAL_OUT_OF_RANGE: 'The total would be too large to be exact.',
  CURRENCY_MISMATCH: "The product has no price in the order's currency.",
  PRODUCT_NOT_FOUND: 'There is no product with this id.',
  PRODUCT_UNAVAILABLE: 'The product cannot be ordered now.',
  CUSTOMER_NOT_FOUND: 'There is no customer with this id.',
};

export interface OrderRejection {
  readonly reason: OrderRejectionReason;
  /** For people: the reason, and what to do. */
  readonly message: string;
  /** Path to the rejected part of the mutation's arguments, e.g. `input`, `items`, `0`, `quantity`. */
  readonly path: readonly string[];
}

/** A rejection because of the order's state, unless a path leads elsewhere. */
export function refuse(reason: OrderRejectionReason, path: readonly string[] = ['input', 'orderId']) {
  return reject<OrderRejection>({ reason, message: messages[reason], path });
}
