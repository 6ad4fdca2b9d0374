import type { Dependencies } from '../graphql/dependencies.ts';
import { openEntityRead } from '../projections/batched-read.ts';
import type { ReadSources } from '../projections/read-sources.ts';
import { productDecider } from './decider.ts';
import { liveProducts, productChangeView, productView, readProducts } from './views/product-view.ts';

/** The products of the catalogue. */
export const productSlice = {
  decider: productDecider,
  views: { folded: [productView], derived: [productChangeView], summed: [] },
  liveViews: [liveProducts],
  openReads: ({ cachedSource }: ReadSources): Pick<Dependencies, 'product'> => ({
    product: openEntityRead((ids, atLeast) => readProducts(cachedSource, ids, atLeast)),
  }),
  declareApi: () => import('./graphql/schema.ts'),
};
