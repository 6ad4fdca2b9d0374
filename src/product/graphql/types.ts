import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import { connectionType } from '../../graphql/connection.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { productDecider } from '../decider.ts';
import type { ProductRow } from '../views/product-view.ts';
import { findProduct } from './find-product.ts';

export const Product = builder.objectRef<ProductRow>('Product').implement({
  description: 'A product of the catalogue.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: 'The id of the product, `prd_<uuid>`.', resolve: row => row.productId }),
    version: t.exposeInt('version', {
      description: "The version of the product's event stream that this object reflects.",
    }),
    position: t.field({
      type: 'Position',
      description: 'The position of the last event that changed this object.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'The time at which the product was added.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'The time of the last change.' }),
    sku: t.exposeString('sku', { description: "The seller's own code for the product." }),
    name: t.exposeString('name', { description: 'The name of the product.' }),
    price: t.field({
      type: Money,
      description: 'The price of one unit.',
      resolve: row => ({ minorUnits: row.price, currency: row.currency }),
    }),
    available: t.exposeBoolean('available', { description: 'Whether the product can be ordered now.' }),
  }),
});

export const ProductConnection = connectionType(Product);

registerNode(productDecider.idPrefix, Product, findProduct);
