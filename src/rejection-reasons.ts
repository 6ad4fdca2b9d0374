/**
 * Every reason for which a business rule rejects a command, as in the public enum. They are one list because GraphQL
 * has one enum; the rules and messages are in the domain/ of each slice.
 */
export const rejectionReasons = {
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
  PRODUCT_ALREADY_EXISTS: 'A product with this id or SKU exists already.',
  CUSTOMER_NOT_FOUND: 'There is no customer with this id.',
  CUSTOMER_ALREADY_EXISTS: 'A customer with this id exists already.',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;
