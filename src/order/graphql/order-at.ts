import { builder } from '../../graphql/builder.ts';
import { badInput } from '../../graphql/coded-error.ts';
import { Money } from '../../graphql/common-types.ts';
import { checkedId } from '../../graphql/node.ts';
import { noCurrency } from '../../money.ts';
import type { OrderRow, OrderRowLine } from '../views/order-view.ts';
import { readOrderAt } from '../views/read-order-history.ts';
import { findOrder } from './find-order.ts';
import { OrderStatus, Shipment } from './types.ts';

const OrderRevisionLine = builder.objectRef<{ line: OrderRowLine; currency: string }>('OrderRevisionLine').implement({
  description: 'A line of a past state of an order.',
  rule: 'as-parent',
  fields: t => ({
    lineId: t.id({ description: 'The id of the line, `lin_<uuid>`.', resolve: ({ line }) => line.lineId }),
    productId: t.id({ description: 'The id of the product, `prd_<uuid>`.', resolve: ({ line }) => line.productId }),
    productName: t.string({
      description: 'The name of the product when the line was added.',
      resolve: ({ line }) => line.productName,
    }),
    quantity: t.int({ description: 'The number of units.', resolve: ({ line }) => line.quantity }),
    unitPrice: t.field({
      type: Money,
      description: 'The price of one unit.',
      resolve: ({ line, currency }) => ({ minorUnits: line.unitPrice, currency }),
    }),
    subtotal: t.field({
      type: Money,
      description: 'The quantity times the unit price.',
      resolve: ({ line, currency }) => ({ minorUnits: line.quantity * line.unitPrice, currency }),
    }),
  }),
});

const OrderRevision = builder.objectRef<OrderRow>('OrderRevision').implement({
  description:
    'A past state of an order, folded from its events. Its id is `<order id>@<version>`, so that client caches do not confuse it with the current order.',
  rule: 'as-parent',
  fields: t => ({
    id: t.id({
      description: 'The id of the revision, `<order id>@<version>`.',
      resolve: row => `${row.orderId}@${row.version}`,
    }),
    orderId: t.exposeID('orderId', { description: 'The id of the order, `ord_<uuid>`.' }),
    version: t.exposeInt('version', { description: 'The version of the last event in this state.' }),
    position: t.field({
      type: 'Position',
      description: 'The position of the last event in this state.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    occurredAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'The time at which the last event in this state occurred.',
    }),
    status: t.expose('status', { type: OrderStatus, description: 'The status of the order at that time.' }),
    reference: t.exposeString('reference', { nullable: true, description: "The caller's own reference." }),
    lines: t.field({
      type: [OrderRevisionLine],
      description: 'The lines, in the order in which they were added.',
      resolve: row => row.lines.map(line => ({ line, currency: row.currency ?? noCurrency })),
    }),
    itemCount: t.exposeInt('itemCount', { description: 'The number of units in all lines.' }),
    total: t.field({
      type: Money,
      description:
        'The total of all lines. Its currency is XXX (no currency) if the order had no currency at that time.',
      resolve: row => ({ minorUnits: row.total, currency: row.currency ?? noCurrency }),
    }),
    cancellationReason: t.exposeString('cancellationReason', {
      nullable: true,
      description: 'The reason of the cancellation. Null if the order was not cancelled.',
    }),
    shipment: t.field({
      type: Shipment,
      nullable: true,
      description: 'The shipment. Null if the order was not shipped.',
      resolve: ({ carrier, trackingNumber }) => (carrier === null ? null : { carrier, trackingNumber }),
    }),
  }),
});

const OrderAt = builder.inputType('OrderAt', {
  description: 'The point at which to read an order: by the version of its last event, or by time.',
  isOneOf: true,
  fields: t => ({
    version: t.int({ description: 'The version of the last event to include, from 1.' }),
    time: t.field({ type: 'DateTime', description: 'Includes the events that were recorded at or before this time.' }),
  }),
});

builder.queryField('orderAt', t =>
  t.field({
    type: OrderRevision,
    nullable: true,
    rule: 'authenticated',
    description: 'Returns a past state of an order. Null if the order did not exist then or the viewer may not see it.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      at: t.arg({ type: OrderAt, required: true, description: 'The point in time or the version.' }),
    },
    resolve: async (_root, { id, at }, context) => {
      if (at.version != null && at.version < 1) throw badInput('`version` has to be at least 1.');
      const range = { toVersion: at.version ?? undefined, toTime: at.time ?? undefined };
      const current = await findOrder(context, checkedId(id, 'ord'));
      return current && ((await readOrderAt(context.dependencies.source, id, range)) ?? null);
    },
  }),
);
