import type { Dependencies } from '../graphql/dependencies.ts';
import { openEntityRead } from '../projections/batched-read.ts';
import type { ReadSources } from '../projections/read-sources.ts';
import { customerDecider } from './decider.ts';
import { customerView, liveCustomers, readCustomers } from './views/customer-view.ts';

/** Customers: the people whose personal data the log holds. */
export const customerSlice = {
  decider: customerDecider,
  views: { folded: [customerView], derived: [], summed: [] },
  liveViews: [liveCustomers],
  openReads: ({ cachedSource }: ReadSources): Pick<Dependencies, 'customer'> => ({
    customer: openEntityRead((ids, atLeast) => readCustomers(cachedSource, ids, atLeast)),
  }),
  declareApi: () => import('./graphql/schema.ts'),
};
