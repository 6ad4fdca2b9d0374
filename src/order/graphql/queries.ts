import { Customer } from '../../customer/graphql/types.ts';
import { waitForPosition, positionToReflect } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput } from '../../graphql/coded-error.ts';
import { viewerOf } from '../../graphql/context.ts';
import { checkedId } from '../../graphql/node.ts';
import { selectsField } from '../../graphql/selected-fields.ts';
import { refuseParked } from '../../projections/view-parked-error.ts';
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
      'Returns one order. Null if it does not exist or the viewer may not see it. With `atLeast` it reflects at least that position, and does not wait for the read model: newer events are applied to the answer.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      atLeast: t.arg({ type: 'Position', description: 'A position that the response has to reflect.' }),
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
    description: 'Returns the order with this number. Null if it does not exist or the viewer may not see it.',
    args: {
      number: t.arg.string({
        required: true,
        description: 'The number of the order. Case, spaces and the dash are ignored.',
      }),
      atLeast: t.arg({ type: 'Position', description: 'A position that the response has to reflect.' }),
    },
    resolve: async (_root, { number, atLeast }, context) => {
      const normalized = normalizedNumber(number);
      const minimum = atLeast ?? context.atLeast;
      const { position, found, parkedAt } = await waitForPosition(context, minimum, () =>
        readOrderByNumber(context.dependencies.source, normalized, minimum),
      );
      context.responsePosition.read(position);
      if (!found || !maySee(viewerOf(context), found.row)) return null;
      refuseParked(parkedAt, minimum);
      return { ...found, atLeast: minimum };
    },
  }),
  orders: t.field({
    type: OrderConnection,
    nullable: true,
    rule: 'staff',
    description: 'Lists all orders (staff only).',
    args: {
      ...orderListArguments,
      atLeast: t.arg({
        type: 'Position',
        description: 'A position that the page has to reflect. The server waits until the read model has reached it.',
      }),
    },
    resolve: (_root, { atLeast, ...args }, context, info) =>
      listOrders(context, args, info, { atLeast: atLeast ?? context.atLeast }),
  }),
}));

builder.objectField(Customer, 'orders', t =>
  t.field({
    type: OrderConnection,
    nullable: true,
    description: 'The orders of the customer.',
    args: orderListArguments,
    // A viewer who may see the customer may see the orders: the viewer is that customer, or staff.
    resolve: ({ customerId, atLeast }, args, context, info) =>
      listOrders(context, args, info, { customerId, atLeast: positionToReflect(context, atLeast) }),
  }),
);

/**
 * Corrects letters that people confuse with digits: I and L become 1, and O becomes 0. Crockford's base 32 contains
 * none of them.
 */
function normalizedNumber(number: string): string {
  const digits = number.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  if (!/^[0-9A-HJKMNP-TV-Z]{8}$/.test(digits))
    throw badInput('An order number has eight letters and digits, e.g. K7Q2-9XF4.');
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}
