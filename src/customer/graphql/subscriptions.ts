import { builder } from '../../graphql/builder.ts';
import { subscribeToRow } from '../../graphql/live-field.ts';
import { updateArguments, updateType } from '../../graphql/live-types.ts';
import { checkedId } from '../../graphql/node.ts';
import { liveCustomers } from '../views/customer-view.ts';
import { maySee } from './find-customer.ts';
import { Customer } from './types.ts';

const CustomerUpdate = updateType(Customer, liveCustomers, row => row);

builder.subscriptionField('customerUpdated', t =>
  t.field({
    type: CustomerUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends the current customer, and sends it again after each change, like `orderUpdated`. Customers can watch only themselves; staff can watch any customer. After the customer is erased, a frame shows the placeholders that replace the personal data.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the customer, `cus_<uuid>`.' }),
      ...updateArguments(liveCustomers),
    },
    subscribe: (_root, { id, after }, context) =>
      subscribeToRow(context, liveCustomers, { id: checkedId(id, 'cus'), after, maySee }),
    resolve: frame => frame,
  }),
);
