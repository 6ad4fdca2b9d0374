import { reject } from '../../commands/decider.ts';

// The messages say what to do.
const messages = {
  PRODUCT_ALREADY_EXISTS:
    'A product with this id or SKU exists already: change the product, or choose another id or SKU.',
} as const;

export type ProductRejectionReason = keyof typeof messages;

/** The reasons and what they mean, as in the public schema. */
export const productRejectionReasons: { readonly [Reason in ProductRejectionReason]: string } = {
  PRODUCT_ALREADY_EXISTS: 'A product with this id or SKU exists already.',
};

export interface ProductRejection {
  readonly reason: ProductRejectionReason;
  /** For people: the reason, and what to do. */
  readonly message: string;
  /** Path to the rejected part of the mutation's arguments. */
  readonly path: readonly string[];
}

export function refuse(reason: ProductRejectionReason) {
  return reject<ProductRejection>({ reason, message: messages[reason], path: ['input', 'productId'] });
}
