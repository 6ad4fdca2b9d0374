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
    description: 'One customer; null where they do not exist or are not the viewer.',
    args: {
      id: t.arg.id({ required: true, description: '`cus_<uuid>`.' }),
      atLeast: t.arg({ type: 'Position', description: 'What the answer has to reflect.' }),
    },
    resolve: (_root, { id, atLeast }, context) =>
      findCustomer(context, checkedId(id, 'cus'), atLeast ?? context.atLeast),
  }),
  customers: t.field({
    type: CustomerConnection,
    nullable: true,
    rule: 'staff',
    description: 'All customers (staff), newest first.',
    args: {
      ...pageArguments,
      search: t.arg.string({
        description: `Words in name or e-mail address; the last one matches as a prefix. ${searchLimits}`,
      }),
      atLeast: t.arg({ type: 'Position', description: 'What the page has to reflect: it waits for that.' }),
    },
    resolve: async (_root, { atLeast: own, search, ...args }, context, info) => {
      const atLeast = own ?? context.atLeast;
      const request = pageRequest(args, newestFirst);
      const words = searchedWords(search);
      const selected = selectedPageFields(info, request);
      const page = await waitForPosition(context, atLeast, () =>
        readCustomerPage(context.dependencies.source, words, { ...request, ...selected, direction: 'DESC', atLeast }),
      );
      const rows = page.rows.map(({ row }): CustomerNode => ({ ...row, atLeast }));
      return connection(context, { ...page, rows }, newestFirst, row => ({ value: row.createdAt, id: row.customerId }));
    },
  }),
}));
