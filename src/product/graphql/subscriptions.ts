import { builder } from '../../graphql/builder.ts';
import { subscribeToList } from '../../graphql/live-field.ts';
import { listUpdateArguments, listUpdateType } from '../../graphql/live-types.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import { isFoundBy, liveProducts } from '../views/product-view.ts';
import { Product } from './types.ts';

const ProductListUpdate = listUpdateType(Product, liveProducts, row => row);

builder.subscriptionField('productsUpdated', t =>
  t.field({
    type: ProductListUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends every product that changed after `after`, in its newest state, like `ordersUpdated`: the first frame and a frame after each 15 seconds without a change are of the kind PROGRESS.',
    args: {
      search: t.arg.string({
        description: `The products to watch, by words in the name or SKU as in \`products\`. By default all. ${searchLimits}`,
      }),
      ...listUpdateArguments,
    },
    subscribe: (_root, { search, after }, context) => {
      searchedWords(search); // an invalid search is rejected here, and not in each frame
      return subscribeToList(context, liveProducts, { scope: undefined, filter: undefined, after });
    },
    resolve: (frame, { search }) => ({ ...frame, matches: row => isFoundBy(searchedWords(search), row) }),
  }),
);
