import { useQuery } from '@apollo/client/react';
import { useStore } from '@orderstream/client/react';
import * as ToggleGroup from '@radix-ui/react-toggle-group';
import { Link } from 'wouter';
import { PriceCurrenciesDocument, SalesDocument } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { countedText, countText, moneyText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { useUrlValues } from '../parts/use-url-values.ts';
import { useViewPosition } from '../parts/use-view-position.ts';
import { routes } from '../routes.ts';
import { currency as shellCurrency } from '../shell/currency.ts';
import { DaysTable } from './days-table.tsx';
import { RevenueChart } from './revenue-chart.tsx';
import './sales.css';
import { type DayOfSales, daysUntil, everyDay, type Range, ranges, sumOf } from './sales-days.ts';
import { TopProducts } from './top-products.tsx';

/** Sales have no subscription: they are read again when the read models move, at most this often, ms. */
const refreshMs = 1_000;

export function SalesPage() {
  const [get, set] = useUrlValues();
  const headerCurrency = useStore(shellCurrency);
  const wished = get('currency').toUpperCase();
  const currency = /^[A-Z]{3}$/.test(wished) ? wished : headerCurrency;
  const range: Range = get('days') in ranges ? (get('days') as Range) : '30';
  const period = daysUntil(new Date(), Number(range));
  const { data, previousData, error, refetch } = useQuery(SalesDocument, {
    variables: { ...period, currency },
    fetchPolicy: 'cache-and-network',
  });
  useAtMostEvery(refreshMs, useViewPosition(), () => void refetch().catch(() => undefined));
  const shown = data ?? previousData;

  return (
    <div className="sales stack">
      <div className="page-head">
        <h1>Sales</h1>
        <CurrencyChoice
          value={currency}
          onChange={next => {
            set({ currency: next });
            shellCurrency.set(next);
          }}
        />
        <ToggleGroup.Root
          className="segments"
          type="single"
          aria-label="Period"
          value={range}
          onValueChange={days => {
            if (days !== '') set({ days });
          }}
        >
          {(Object.keys(ranges) as Range[]).map(days => (
            <ToggleGroup.Item key={days} value={days}>
              {ranges[days]}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
      </div>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {!shown && !error && <p className="loading">Loading…</p>}
      {shown?.salesByDay &&
        (shown.salesByDay.length === 0 ? (
          <NoSales currency={currency} range={range} />
        ) : (
          <Shown
            days={everyDay(period, shown.salesByDay, currency)}
            currency={currency}
            products={shown.topProducts ?? []}
          />
        ))}
    </div>
  );
}

function Shown(props: {
  days: readonly DayOfSales[];
  currency: string;
  products: Parameters<typeof TopProducts>[0]['products'];
}) {
  const { days, currency, products } = props;
  const revenue = sumOf(
    days.map(day => day.revenue),
    currency,
  );
  const orders = days.reduce((sum, { orderCount }) => sum + orderCount, 0);
  const units = days.reduce((sum, { itemCount }) => sum + itemCount, 0);
  return (
    <>
      <dl className="sales-sums">
        <Sum name="Revenue" value={moneyText(revenue)} />
        <Sum name="Orders" label="Orders submitted" value={countText(orders)} />
        <Sum name="Units" value={countText(units)} />
        <Sum
          name="Per order"
          value={moneyText({ amount: orders > 0 ? String(Number(revenue.amount) / orders) : '0', currency })}
        />
      </dl>
      <div className="sales-columns">
        <section className="panel" aria-labelledby="revenue">
          <header>
            <h2 id="revenue">Revenue per day</h2>
            <span className="quiet small">{countedText(days.length, 'day')}, in UTC. Submitted and not cancelled.</span>
          </header>
          <div className="body">
            <RevenueChart days={days} currency={currency} />
          </div>
          <DaysTable days={days.filter(({ orderCount }) => orderCount > 0)} />
        </section>
        <TopProducts products={products} />
      </div>
    </>
  );
}

function Sum({ name, label = name, value }: { name: string; label?: string; value: string }) {
  return (
    <div className="panel" data-sum={name.toLowerCase()}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The currencies of the catalogue, and the one that is shown. */
function CurrencyChoice({ value, onChange }: { value: string; onChange: (currency: string) => void }) {
  const { data } = useQuery(PriceCurrenciesDocument);
  const priced = data?.products?.nodes.map(({ price }) => price.currency) ?? [];
  const options = [...new Set([value, ...priced])].sort();
  return (
    <select
      aria-label="Currency"
      value={value}
      onChange={({ target }) => {
        onChange(target.value);
      }}
    >
      {options.map(option => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

function NoSales({ currency, range }: { currency: string; range: Range }) {
  return (
    <EmptyState title={`Nothing was sold in ${currency} in this period`}>
      <p>
        An order counts from the day on which it is submitted{range === '365' ? '' : '. A longer period may show more'}.
        Start the simulation on the board, and the first bar appears here within seconds.
      </p>
      <Link href={routes.board} className="button primary">
        To the board
      </Link>
    </EmptyState>
  );
}
