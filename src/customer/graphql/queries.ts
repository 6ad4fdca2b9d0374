import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { connection } from '../../graphql/connection.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import { selectedPageFields } from '../../graphql/selected-page-fields.ts';
import { readCustomerPage } from '../views/customer-view.ts';
import { type CustomerNode, findCustomer } from './find-customer.ts';
import { Customer, CustomerConnection } from './types.ts';

const newestFirst: Sort = { name: 'customers', value: 'date-time' };

builder.queryFields(t => ({
  customer: t.field({
    type: Customer,
    nullable: true,
    rule: 'authenticated',
    description: 'Returns one customer. Null if the customer does not exist or the viewer may not see them.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the customer, `cus_<uuid>`.' }),
      atLeast: t.arg({ type: 'Position', description: 'A position that the response has to reflect.' }),
    },
    resolve: (_root, { id, atLeast }, context) =>
      findCustomer(context, checkedId(id, 'cus'), atLeast ?? context.atLeast),
  }),
  customers: t.field({
    type: CustomerConnection,
    nullable: true,
    rule: 'staff',
    description: 'Lists all customers, newest first (staff only).',
    args: {
      ...pageArguments,
      search: t.arg.string({
        description: `Words to find in the name or e-mail address. The last word also matches as a prefix. ${searchLimits}`,
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
        readCustomerPage(context.dependencies.cachedSource, words, {
          ...request,
          ...selected,
          direction: 'DESC',
          atLeast,
        }),
      );
      const rows = page.rows.map(({ row }): CustomerNode => ({ ...row, atLeast }));
      return connection(context, { ...page, rows }, newestFirst, row => ({ value: row.createdAt, id: row.customerId }));
    },
  }),
}));
