import { deriveId } from '../ids.ts';

/** Permanent: stored products are found by it. */
const skuNamespace = '0d8f3f0e-5c57-4f0b-9d2b-8f5a1c7e4b62';

/**
 * The id of a product if none is given for it: one SKU is one product, however often it is added and however it is
 * typed: composed or decomposed, in capitals or not, with spaces around it or invisible characters in it. Permanent: of
 * an SKU in capitals it is the id that every release has given.
 */
export function productIdOf(sku: string): string {
  return deriveId('prd', skuNamespace, identityOf(sku));
}

/** The id that earlier releases gave, if it is another one: they took each spelling of an SKU for a product of its own. */
export function formerProductIdOf(sku: string): string | undefined {
  return identityOf(sku) === sku ? undefined : deriveId('prd', skuNamespace, sku);
}

/** The SKU as it is stored and shown: as it was typed first, composed and without spaces around it. */
export function shownSku(sku: string): string {
  return sku.normalize('NFC').trim();
}

function identityOf(sku: string): string {
  const visible = sku.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  // Not to capitals at once: ẞ stays what it is by that, and ß becomes SS.
  return visible.toLowerCase().toUpperCase().normalize('NFC').trim();
}
