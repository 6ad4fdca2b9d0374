/**
 * The reasons for which a business rule rejects a command: the values of one public enum, with their descriptions.
 * The rules and the messages are in the domain/ folder of each slice.
 */
export const rejectionReasons = {
  ORDER_ALREADY_EXISTS: 'There is an order with this id.',
  ORDER_NOT_DRAFT: 'Only a draft can be changed or submitted.',
  ORDER_EMPTY: 'An order without lines can not be submitted.',
  ORDER_NOT_SUBMITTED: 'Only a submitted order can be confirmed.',
  ORDER_NOT_CONFIRMED: 'Only a confirmed order can be shipped.',
  ORDER_NOT_SHIPPED: 'Only a shipped order can be delivered.',
  ORDER_ALREADY_SHIPPED: 'A shipped order can not be cancelled.',
  ORDER_CANCELLED: 'Nothing can be done to a cancelled order.',
  LINE_NOT_FOUND: 'The order has no such line.',
  LINE_ALREADY_EXISTS: 'The line id stands for another product or price in this order.',
  TOO_MANY_LINES: 'The order has as many lines as it may have.',
  QUANTITY_OUT_OF_RANGE: 'A line can not hold that many units.',
  TOTAL_OUT_OF_RANGE: 'The total would be more than can be counted exactly.',
  CURRENCY_MISMATCH: "The product is not priced in the order's currency.",
  PRODUCT_NOT_FOUND: 'There is no such product.',
  PRODUCT_UNAVAILABLE: 'The product can not be ordered now.',
  PRODUCT_ALREADY_EXISTS: 'There is a product with this id or SKU.',
  CUSTOMER_NOT_FOUND: 'There is no such customer.',
  CUSTOMER_ALREADY_EXISTS: 'There is a customer with this id.',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;
