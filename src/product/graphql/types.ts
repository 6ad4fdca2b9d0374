import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import { connectionType } from '../../graphql/connection.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import type { ProductRow } from '../views/product-view.ts';
import { findProduct } from './find-product.ts';

export const Product = builder.objectRef<ProductRow>('Product').implement({
  description: "The catalogue's entry as it is now.",
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: '`prd_<uuid>`.', resolve: row => row.productId }),
    version: t.exposeInt('version', { description: "Version of the product's event stream that this row reflects." }),
    position: t.field({
      type: 'Position',
      description: 'Position of the last event that changed this row.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    sku: t.exposeString('sku', { description: "The seller's own name for it." }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    price: t.field({
      type: Money,
      description: 'Of one unit.',
      resolve: row => ({ minorUnits: row.price, currency: row.currency }),
    }),
    available: t.exposeBoolean('available', { description: 'Whether it can be ordered now.' }),
  }),
});

export const ProductConnection = connectionType(Product);

registerNode('prd', Product, findProduct);
