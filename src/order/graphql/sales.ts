import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { Money, type MoneyAmount } from '../../graphql/common-types.ts';
import type { Context } from '../../graphql/context.ts';
import type { Position } from '../../event-store/position.ts';
import { type ProductSales as ProductRow, readTopProducts } from '../views/product-sales.ts';
import { readSalesByDay, type SalesDay as DayRow } from '../views/sales-by-day.ts';

const mostProducts = 100;

/** Rows with the currency that they were asked for in. */
type In<Row extends { readonly revenue: string }> = Omit<Row, 'revenue'> & { readonly revenue: MoneyAmount };

const SalesDay = builder.objectRef<In<DayRow>>('SalesDay').implement({
  description: 'What was sold on one day.',
  rule: 'staff',
  fields: t => ({
    date: t.expose('day', { type: 'Date', description: 'The day on which the orders were submitted.' }),
    orderCount: t.exposeInt('orders', { description: 'Submitted, not cancelled orders.' }),
    itemCount: t.expose('units', { type: 'SafeInt', description: 'Units over all their lines.' }),
    revenue: t.expose('revenue', { type: Money, description: 'What they come to.' }),
  }),
});

const ProductSales = builder.objectRef<In<ProductRow>>('ProductSales').implement({
  description: 'What was sold of one product.',
  rule: 'staff',
  fields: t => ({
    productId: t.exposeID('productId', { description: '`prd_<uuid>`.' }),
    productName: t.exposeString('name', { description: 'As it is called now.' }),
    unitsSold: t.expose('units', { type: 'SafeInt', description: 'Units.' }),
    revenue: t.expose('revenue', { type: Money, description: 'At the prices at which they were ordered.' }),
  }),
});

const currencyDescription = 'Sales in this one only: amounts of different currencies are never added up.';

builder.queryFields(t => ({
  salesByDay: t.field({
    type: [SalesDay],
    nullable: true,
    rule: 'staff',
    description:
      'Revenue per day of submitted, not cancelled orders (staff), oldest first. Days without a sale are left out.',
    args: {
      from: t.arg({ type: 'Date', required: true, description: 'The first day.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last day; it counts too.' }),
      currency: t.arg({ type: 'CurrencyCode', required: true, description: currencyDescription }),
    },
    resolve: (_root, span, context) => {
      checkSpan(span);
      return sales(context, span.currency, atLeast => readSalesByDay(context.dependencies.source, span, atLeast));
    },
  }),
  topProducts: t.field({
    type: [ProductSales],
    nullable: true,
    rule: 'staff',
    description:
      'The products of the greatest revenue in submitted, not cancelled orders (staff), the greatest first; of all time where neither day is given.',
    args: {
      limit: t.arg.int({ required: true, defaultValue: 10, description: `So many, at most ${mostProducts}.` }),
      from: t.arg({ type: 'Date', description: 'The first day on which orders were submitted.' }),
      to: t.arg({ type: 'Date', description: 'The last day; it counts too.' }),
      currency: t.arg({ type: 'CurrencyCode', required: true, description: currencyDescription }),
    },
    resolve: (_root, { limit, currency, ...days }, context) => {
      if (limit < 1) throw badInput('`limit` has to be at least 1.');
      if (limit > mostProducts) throw limitExceeded(`\`limit\` is at most ${mostProducts}.`, mostProducts);
      const [from, to] = [days.from ?? undefined, days.to ?? undefined];
      checkSpan({ from, to });
      return sales(context, currency, atLeast =>
        readTopProducts(context.dependencies.source, { limit, currency, from, to }, atLeast),
      );
    },
  }),
}));

/** @throws BAD_USER_INPUT */
function checkSpan({ from, to }: { from: string | undefined; to: string | undefined }): void {
  if (from !== undefined && to !== undefined && from > to) throw badInput("`from` can't be after `to`.");
}

async function sales<Row extends { readonly revenue: string }>(
  context: Context,
  currency: string,
  read: (atLeast: Position | undefined) => Promise<{ position: Position; rows: readonly Row[] }>,
): Promise<In<Row>[]> {
  const { position, rows } = await waitForPosition(context, context.atLeast, () => read(context.atLeast));
  context.responsePosition.read(position);
  return rows.map(row => ({ ...row, revenue: { minorUnits: BigInt(row.revenue), currency } }));
}
