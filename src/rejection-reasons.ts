/**
 * The reasons for which a business rule rejects a command: the values of one public enum, with their descriptions.
 * The rules and the messages are in the domain/ folder of each slice.
 */
export const rejectionReasons = {
  ORDER_ALREADY_EXISTS: 'An order with this id already exists.',
  ORDER_NOT_DRAFT: 'Only a draft can be changed or submitted.',
  ORDER_EMPTY: 'An order without lines cannot be submitted.',
  ORDER_NOT_SUBMITTED: 'Only a submitted order can be confirmed.',
  ORDER_NOT_CONFIRMED: 'Only a confirmed order can be shipped.',
  ORDER_NOT_SHIPPED: 'Only a shipped order can be delivered.',
  ORDER_ALREADY_SHIPPED: 'A shipped order cannot be cancelled.',
  ORDER_CANCELLED: 'A cancelled order cannot be changed.',
  LINE_NOT_FOUND: 'The order has no such line.',
  LINE_ALREADY_EXISTS: 'The order has a line with this id and another product or price.',
  TOO_MANY_LINES: 'The order has the maximum number of lines.',
  QUANTITY_OUT_OF_RANGE: 'The quantity of the line is out of range.',
  TOTAL_OUT_OF_RANGE: 'The total would exceed the largest amount that can be represented exactly.',
  CURRENCY_MISMATCH: "The product is not priced in the order's currency.",
  PRODUCT_NOT_FOUND: 'The product does not exist.',
  PRODUCT_UNAVAILABLE: 'The product cannot be ordered at the moment.',
  PRODUCT_ALREADY_EXISTS: 'A product with this id or SKU already exists.',
  CUSTOMER_NOT_FOUND: 'The customer does not exist.',
  CUSTOMER_ALREADY_EXISTS: 'A customer with this id already exists.',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;
