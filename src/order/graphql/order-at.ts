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
  description: 'A line as it was.',
  rule: 'as-parent',
  fields: t => ({
    lineId: t.id({ description: '`lin_<uuid>`.', resolve: ({ line }) => line.lineId }),
    productId: t.id({ description: '`prd_<uuid>`.', resolve: ({ line }) => line.productId }),
    productName: t.string({
      description: 'As it was when the line was added.',
      resolve: ({ line }) => line.productName,
    }),
    quantity: t.int({ description: 'Units.', resolve: ({ line }) => line.quantity }),
    unitPrice: t.field({
      type: Money,
      description: 'Of one unit.',
      resolve: ({ line, currency }) => ({ minorUnits: line.unitPrice, currency }),
    }),
    subtotal: t.field({
      type: Money,
      description: 'Quantity x unit price.',
      resolve: ({ line, currency }) => ({ minorUnits: line.quantity * line.unitPrice, currency }),
    }),
  }),
});

const OrderRevision = builder.objectRef<OrderRow>('OrderRevision').implement({
  description:
    'An order as it was, folded from its events. Its id is `<order id>@<version>`: a cache must not take it for the order of today.',
  rule: 'as-parent',
  fields: t => ({
    id: t.id({ description: '`<order id>@<version>`.', resolve: row => `${row.orderId}@${row.version}` }),
    orderId: t.exposeID('orderId', { description: '`ord_<uuid>`.' }),
    version: t.exposeInt('version', { description: 'Of the last event folded here.' }),
    position: t.field({
      type: 'Position',
      description: 'Of the last event folded here.',
      resolve: row => ({ point: row.position, hash: row.hash }),
    }),
    occurredAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the last event folded here occurred.' }),
    status: t.expose('status', { type: OrderStatus, description: 'How far it had come.' }),
    reference: t.exposeString('reference', { nullable: true, description: "The caller's own reference." }),
    lines: t.field({
      type: [OrderRevisionLine],
      description: 'In the order in which they were added.',
      resolve: row => row.lines.map(line => ({ line, currency: row.currency ?? noCurrency })),
    }),
    itemCount: t.exposeInt('itemCount', { description: 'Units over all lines.' }),
    total: t.field({
      type: Money,
      description: 'Currency XXX (ISO 4217: none) until the order had one.',
      resolve: row => ({ minorUnits: row.total, currency: row.currency ?? noCurrency }),
    }),
    cancellationReason: t.exposeString('cancellationReason', { nullable: true, description: 'Why it was cancelled.' }),
    shipment: t.field({
      type: Shipment,
      nullable: true,
      description: 'Null until it is shipped.',
      resolve: ({ carrier, trackingNumber }) => (carrier === null ? null : { carrier, trackingNumber }),
    }),
  }),
});

const OrderAt = builder.inputType('OrderAt', {
  description: 'The last event at or before it, by version or by the time it was recorded.',
  isOneOf: true,
  fields: t => ({
    version: t.int({ description: 'Of the event stream; 1 is its first event.' }),
    time: t.field({ type: 'DateTime', description: 'By when the event was recorded.' }),
  }),
});

builder.queryField('orderAt', t =>
  t.field({
    type: OrderRevision,
    nullable: true,
    rule: 'authenticated',
    description: "An order as it was; null where it did not exist then or is not the viewer's.",
    args: {
      id: t.arg.id({ required: true, description: '`ord_<uuid>`.' }),
      at: t.arg({ type: OrderAt, required: true, description: 'When.' }),
    },
    resolve: async (_root, { id, at }, context) => {
      if (at.version != null && at.version < 1) throw badInput('`version` is 1 or more.');
      const range = { toVersion: at.version ?? undefined, toTime: at.time ?? undefined };
      const today = await findOrder(context, checkedId(id, 'ord'));
      return today && ((await readOrderAt(context.dependencies.source, id, range)) ?? null);
    },
  }),
);
