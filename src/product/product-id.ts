import { deriveId } from '../ids.ts';

/** Permanent: stored products are found by it. */
const skuNamespace = '0d8f3f0e-5c57-4f0b-9d2b-8f5a1c7e4b62';

/** The id of a product that nobody chose one for: one SKU is one product, whoever adds it and however often. */
export function productIdOf(sku: string): string {
  return deriveId('prd', skuNamespace, sku);
}
