import { Customer } from '../../customer/graphql/types.ts';
import { waitForPosition, positionToReflect } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput } from '../../graphql/coded-error.ts';
import { viewerOf } from '../../graphql/context.ts';
import { checkedId } from '../../graphql/node.ts';
import { selectsField } from '../../graphql/selected-fields.ts';
import { refuseParked } from '../../projections/view-parked.ts';
import { readOrderByNumber } from '../views/read-orders.ts';
import { findOrder, maySee } from './find-order.ts';
import { listOrders, orderListArguments } from './order-list.ts';
import { Order, OrderConnection } from './types.ts';

builder.queryFields(t => ({
  order: t.field({
    type: Order,
    nullable: true,
    rule: 'authenticated',
    description:
      "One order; null where it does not exist or is not the viewer's. With `atLeast` it reflects at least that position, without waiting.",
    args: {
      id: t.arg.id({ required: true, description: '`ord_<uuid>`.' }),
      atLeast: t.arg({ type: 'Position', description: 'What the answer has to reflect.' }),
    },
    resolve: (_root, { id, atLeast }, context, info) => {
      const part = selectsField(info, 'customer') ? 'order' : 'orderAlone';
      return findOrder(context, checkedId(id, 'ord'), atLeast ?? context.atLeast, part);
    },
  }),
  orderByNumber: t.field({
    type: Order,
    nullable: true,
    rule: 'authenticated',
    description: "The order of that number; null where there is none or it is not the viewer's.",
    args: {
      number: t.arg.string({ required: true, description: 'As it is shown; case, spaces and the dash do not matter.' }),
      atLeast: t.arg({ type: 'Position', description: 'What the answer has to reflect.' }),
    },
    resolve: async (_root, { number, atLeast }, context) => {
      const shown = numberAsShown(number);
      const least = atLeast ?? context.atLeast;
      const { position, found, parkedAt } = await waitForPosition(context, least, () =>
        readOrderByNumber(context.dependencies.source, shown, least),
      );
      context.responsePosition.read(position);
      if (!found || !maySee(viewerOf(context), found.row)) return null;
      refuseParked(parkedAt, least);
      return { ...found, atLeast: least };
    },
  }),
  orders: t.field({
    type: OrderConnection,
    nullable: true,
    rule: 'staff',
    description: 'All orders (staff).',
    args: {
      ...orderListArguments,
      atLeast: t.arg({ type: 'Position', description: 'What the page has to reflect: it waits for that.' }),
    },
    resolve: (_root, { atLeast, ...args }, context, info) =>
      listOrders(context, args, info, { atLeast: atLeast ?? context.atLeast }),
  }),
}));

builder.objectField(Customer, 'orders', t =>
  t.field({
    type: OrderConnection,
    nullable: true,
    description: 'The customer-order view.',
    args: orderListArguments,
    // Whoever sees the customer sees their orders: they are that customer, or staff.
    resolve: ({ customerId, atLeast }, args, context, info) =>
      listOrders(context, args, info, { customerId, atLeast: positionToReflect(context, atLeast) }),
  }),
);

/** People write I and L for 1 and O for 0: Crockford's base 32 has none of them. */
function numberAsShown(number: string): string {
  const digits = number.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  if (!/^[0-9A-HJKMNP-TV-Z]{8}$/.test(digits))
    throw badInput('An order number has eight digits and letters, e.g. K7Q2-9XF4.');
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}
