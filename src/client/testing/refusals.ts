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
  TOO_MANY_LINES: 'An order has at most 500 lines: put the rest into another order.',
  QUANTITY_OUT_OF_RANGE: 'A line has 1 to 10000 units: choose another quantity.',
  TOTAL_OUT_OF_RANGE: "An order's total is at most 9007199254740991 of its currency's smallest unit: order less.",
  CURRENCY_MISMATCH: "The product has no price in the order's currency: put it into another order.",
  PRODUCT_NOT_FOUND: 'There is no product with this id: check the id.',
  PRODUCT_UNAVAILABLE: 'The product is not available now: leave it out or try again later.',
  CUSTOMER_NOT_FOUND: 'There is no customer with this id: register the customer first.',
  CUSTOMER_ALREADY_EXISTS: 'A customer with this id exists already: rename the customer or choose another id.',
  PRODUCT_ALREADY_EXISTS:
    'A product with this id or SKU exists already: change the product, or choose another id or SKU.',
} as const;

/** The business rule that rejects a command, as in the schema. */
export type RejectionReason = keyof typeof messages;

/** One problem of an input, for an InvalidInputError. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

/** Why a command is not accepted: a rule (RejectedError), or its input (InvalidInputError). */
export type Refusal =
  | {
      readonly reason: RejectionReason;
      /** Default: the server's text for this reason. */
      readonly message?: string;
      /** Default: to the id of the object. */
      readonly path?: readonly string[];
    }
  | { readonly issues: readonly Issue[] };

/** The source of the error's type. @param current makes the node of the object as it is now */
export function refusalSource(refusal: Refusal, idPath: readonly string[], current: () => object | null): object {
  if ('issues' in refusal) {
    const { issues } = refusal;
    return { __typename: 'InvalidInputError', message: issues.map(({ message }) => message).join(' '), issues };
  }
  const { reason, message = messages[reason], path = idPath } = refusal;
  return { __typename: 'RejectedError', reason, message, path, current };
}
