import type { Decider } from '../commands/decider.ts';
import type { ProductCommand } from './domain/commands.ts';
import { decide } from './domain/decide.ts';
import type { ProductEvent } from './domain/events.ts';
import { evolve, noProduct, type Product } from './domain/product.ts';
import { type ProductRejection, productRejectionReasons } from './domain/rejection.ts';

export const productDecider: Decider<Product, ProductCommand, ProductEvent, ProductRejection> = {
  streamType: 'product',
  idPrefix: 'prd',
  initialState: noProduct,
  evolve,
  decide,
  rights: { AddProduct: 'staff', ChangeProduct: 'staff' },
  reasons: productRejectionReasons,
  creates: command => command.type === 'AddProduct',
  // Every caller may read the catalogue.
  isVisibleTo: () => true,
  // The catalogue contains no personal data.
  subject: () => undefined,
  erasure: 'none',
  schemaVersions: { ProductAdded: 1, ProductChanged: 1 },
  upcast: ({ type }, schemaVersion) => {
    throw new Error(`${type} has no upcast from schema version ${schemaVersion}`);
  },
};
