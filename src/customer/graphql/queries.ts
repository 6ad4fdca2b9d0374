import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { connection, type Unchanged } from '../../graphql/connection.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import { selectedPageFields } from '../../graphql/selected-page-fields.ts';
import type { Page } from '../../projections/read-page.ts';
import { type CustomerRow, type openPlainCustomerPages, readCustomerPage } from '../views/customer-view.ts';
import { type CustomerNode, findCustomer } from './find-customer.ts';
import { Customer, CustomerConnection } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** A page of customers as most are asked for; undefined for another one. */
    readonly plainCustomers: ReturnType<typeof openPlainCustomerPages>;
  }
}

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
      const { count, otherSide } = selectedPageFields(info, request);
      const asked = { ...request, count, otherSide, direction: 'DESC', atLeast } as const;
      const { source, plainCustomers } = context.dependencies;
      const page = await waitForPosition(context, atLeast, (): Promise<Page<CustomerRow> & Unchanged> => {
        return (words ? undefined : plainCustomers(asked)) ?? readCustomerPage(source, words, asked);
      });
      const rows = page.rows.map(({ row }): CustomerNode => (atLeast ? { ...row, atLeast } : row));
      return connection(context, { ...page, rows }, newestFirst, row => ({ value: row.createdAt, id: row.customerId }));
    },
  }),
}));
