import { deriveId } from '../ids.ts';

/** It may never change, because the ids of stored products were derived from it. */
const skuNamespace = '0d8f3f0e-5c57-4f0b-9d2b-8f5a1c7e4b62';

/**
 * The id of a product that is added without one. One SKU is one product, independent of how often it is added and how
 * it is typed: composed or decomposed, in upper or lower case, with surrounding spaces or invisible characters. This
 * may never change: for an SKU in upper case, every release has derived the same id.
 */
export function productIdOf(sku: string): string {
  return deriveId('prd', skuNamespace, identityOf(sku));
}

/**
 * The id that earlier releases derived from this SKU, if it differs: they treated each spelling of an SKU as a
 * product of its own.
 */
export function formerProductIdOf(sku: string): string | undefined {
  return identityOf(sku) === sku ? undefined : deriveId('prd', skuNamespace, sku);
}

/** The SKU as it is stored and shown: the first spelling, composed and without surrounding spaces. */
export function shownSku(sku: string): string {
  return sku.normalize('NFC').trim();
}

function identityOf(sku: string): string {
  const visible = sku.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  // toUpperCase() alone would keep ẞ and turn ß into SS. Lower case first turns both into SS.
  return visible.toLowerCase().toUpperCase().normalize('NFC').trim();
}
