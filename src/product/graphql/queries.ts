import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { connection } from '../../graphql/connection.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import { selectedPageFields } from '../../graphql/selected-page-fields.ts';
import { readProductPage } from '../views/product-view.ts';
import { findProduct } from './find-product.ts';
import { Product, ProductConnection } from './types.ts';

const newestFirst: Sort = { name: 'products', value: 'date-time' };

builder.queryFields(t => ({
  product: t.field({
    type: Product,
    nullable: true,
    rule: 'authenticated',
    description: 'Returns one product. Null if it does not exist.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the product, `prd_<uuid>`.' }),
      atLeast: t.arg({ type: 'Position', description: 'A position that the response has to reflect.' }),
    },
    resolve: (_root, { id, atLeast }, context) =>
      findProduct(context, checkedId(id, 'prd'), atLeast ?? context.atLeast),
  }),
  products: t.field({
    type: ProductConnection,
    nullable: true,
    rule: 'authenticated',
    description: 'Lists the products of the catalogue, newest first.',
    args: {
      ...pageArguments,
      search: t.arg.string({
        description: `Words to find in the name or SKU. The last word also matches as a prefix. ${searchLimits}`,
      }),
      atLeast: t.arg({
        type: 'Position',
        description: 'A position that the page has to reflect. The server waits until the read model has reached it.',
      }),
    },
    resolve: async (_root, { atLeast: argument, search, ...args }, context, info) => {
      const atLeast = argument ?? context.atLeast;
      const request = pageRequest(args, newestFirst);
      const words = searchedWords(search);
      const selected = selectedPageFields(info, request);
      const page = await waitForPosition(context, atLeast, () =>
        readProductPage(context.dependencies.cachedSource, words, {
          ...request,
          ...selected,
          direction: 'DESC',
          atLeast,
        }),
      );
      const rows = page.rows.map(({ row }) => row);
      return connection(context, { ...page, rows }, newestFirst, row => ({ value: row.createdAt, id: row.productId }));
    },
  }),
}));
