import { openEntityRead } from '../../../src/projections/batched-read.ts';
import type { ReadSources } from '../../../src/projections/read-sources.ts';
import type { Slice } from '../../../src/slices.ts';
import { accountDecider } from './decider.ts';
import { accountView, liveAccounts, readAccounts } from './views/account-view.ts';

/** The bank account of the classic examples, added by docs/adding-an-aggregate.md. */
export const accountSlice = {
  decider: accountDecider,
  views: { folded: [accountView], derived: [], summed: [] },
  liveViews: [liveAccounts],
  openReads: ({ cachedSource }: ReadSources) => ({
    account: openEntityRead((ids, atLeast) => readAccounts(cachedSource, ids, atLeast)),
  }),
  declareApi: () => import('./graphql/schema.ts'),
} satisfies Slice;
