import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { Money, type MoneyAmount } from '../../graphql/common-types.ts';
import type { Context } from '../../graphql/context.ts';
import type { Position } from '../../event-store/position.ts';
import { type ProductSales as ProductRow, readTopProducts } from '../views/product-sales.ts';
import { readSalesByDay, type SalesDay as DayRow } from '../views/sales-by-day.ts';

const maxProducts = 100;

/** Rows whose revenue has the requested currency. */
type In<Row extends { readonly revenue: string }> = Omit<Row, 'revenue'> & { readonly revenue: MoneyAmount };

const SalesDay = builder.objectRef<In<DayRow>>('SalesDay').implement({
  description: 'The sales of one day.',
  rule: 'staff',
  fields: t => ({
    date: t.expose('day', { type: 'Date', description: 'The day on which the orders were submitted.' }),
    orderCount: t.exposeInt('orders', {
      description: 'The number of orders that were submitted on this day and not cancelled.',
    }),
    itemCount: t.expose('units', { type: 'SafeInt', description: 'The number of units in all lines of these orders.' }),
    revenue: t.expose('revenue', { type: Money, description: 'The total of these orders.' }),
  }),
});

const ProductSales = builder.objectRef<In<ProductRow>>('ProductSales').implement({
  description: 'The sales of one product.',
  rule: 'staff',
  fields: t => ({
    productId: t.exposeID('productId', { description: 'The id of the product, `prd_<uuid>`.' }),
    productName: t.exposeString('name', { description: 'The current name of the product.' }),
    unitsSold: t.expose('units', { type: 'SafeInt', description: 'The number of units sold.' }),
    revenue: t.expose('revenue', { type: Money, description: 'The total at the prices of the orders.' }),
  }),
});

const currencyDescription = 'Counts only sales in this currency. Amounts in different currencies are never added up.';

builder.queryFields(t => ({
  salesByDay: t.field({
    type: [SalesDay],
    nullable: true,
    rule: 'staff',
    description:
      'Returns the sales of each day, oldest first (staff only). Orders count if they were submitted and not cancelled. Days without sales are left out.',
    args: {
      from: t.arg({ type: 'Date', required: true, description: 'The first day, inclusive.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last day, inclusive.' }),
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
      'Returns the products with the greatest revenue, the greatest first (staff only). Orders count if they were submitted and not cancelled. Without `from` and `to` it covers all time.',
    args: {
      limit: t.arg.int({
        required: true,
        defaultValue: 10,
        description: `The number of products, at most ${maxProducts}.`,
      }),
      from: t.arg({ type: 'Date', description: 'The first day on which orders were submitted, inclusive.' }),
      to: t.arg({ type: 'Date', description: 'The last day, inclusive.' }),
      currency: t.arg({ type: 'CurrencyCode', required: true, description: currencyDescription }),
    },
    resolve: (_root, { limit, currency, ...days }, context) => {
      if (limit < 1) throw badInput('`limit` has to be at least 1.');
      if (limit > maxProducts) throw limitExceeded(`\`limit\` can be at most ${maxProducts}.`, maxProducts);
      const [from, to] = [days.from ?? undefined, days.to ?? undefined];
      checkSpan({ from, to });
      return sales(context, currency, atLeast =>
        readTopProducts(context.dependencies.source, { limit, currency, from, to }, atLeast),
      );
    },
  }),
}));

/** @throws BAD_USER_INPUT if the first day is after the last one */
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
