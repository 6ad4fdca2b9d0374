import type { CommandError } from '@orderstream/client';
import type { RejectionReason } from '../generated/schema-enums.ts';

const reasons: Readonly<Record<RejectionReason, string>> = {
  CUSTOMER_NOT_FOUND: 'This customer does not exist.',
  CUSTOMER_ALREADY_EXISTS: 'This customer is registered already.',
  ORDER_ALREADY_EXISTS: 'This order exists already.',
  ORDER_NOT_DRAFT: 'It is no draft any more, so its lines stay as they are.',
  ORDER_EMPTY: 'It has no lines. Add a product first.',
  ORDER_NOT_SUBMITTED: 'It is not waiting to be confirmed: somebody was faster, or it is still a draft.',
  ORDER_NOT_CONFIRMED: 'It has to be confirmed before it is shipped.',
  ORDER_NOT_SHIPPED: 'It has to be shipped before it is delivered.',
  ORDER_ALREADY_SHIPPED: 'It was shipped already, so it cannot be cancelled.',
  ORDER_CANCELLED: 'It was cancelled in the meantime.',
  LINE_NOT_FOUND: 'This line is gone: it was removed in the meantime.',
  LINE_ALREADY_EXISTS: 'This line holds another product or price.',
  TOO_MANY_LINES: 'An order cannot have more lines than this.',
  QUANTITY_OUT_OF_RANGE: 'The quantity must be from 1 to 10,000.',
  TOTAL_OUT_OF_RANGE: 'The total would be too large.',
  CURRENCY_MISMATCH: "This product has no price in the order's currency.",
  PRODUCT_NOT_FOUND: 'This product does not exist any more.',
  PRODUCT_UNAVAILABLE: 'This product cannot be ordered now.',
  PRODUCT_ALREADY_EXISTS: 'A product with this SKU exists already.',
  REBUILD_RUNNING: 'A rebuild is running already. Wait until it is complete, or abandon it.',
  NO_REBUILD_RUNNING: 'No rebuild is running: it is complete, or somebody abandoned it.',
  STREAM_NOT_PARKED: 'This stream is not parked any more, or it is parked before another event.',
};

/** Says why a command was refused. Nothing was stored. */
export function refusalText(error: CommandError): string {
  switch (error.__typename) {
    case 'RejectedError':
      return (reasons as Readonly<Record<string, string>>)[error.reason] ?? error.message;
    case 'NotFoundError':
      return 'It does not exist, or you may not see it.';
    case 'VersionConflictError':
      return `Somebody changed it in the meantime: it is at version ${error.actualVersion} now. Look at it, and try again.`;
    case 'InvalidInputError':
      return error.issues.map(({ message }) => message).join(' ') || error.message;
    case 'IdempotencyKeyReusedError':
      return 'This was sent before with other values. Reload the page, and try again.';
  }
}
