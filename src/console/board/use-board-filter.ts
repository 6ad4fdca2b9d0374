import type { OrderSort } from '@orderstream/client';
import { useMemo } from 'react';
import { useSettledSearch } from '../parts/use-settled-search.ts';
import { useUrlState } from '../parts/use-url-state.ts';

export const periods = { '': 'All time', today: 'Today', week: 'Last 7 days' } as const;
export const sorts = { '': 'Newest first', updated: 'Last changed first', total: 'Largest first' } as const;

const orderBys: Readonly<Record<keyof typeof sorts, OrderSort>> = {
  '': { field: 'CREATED_AT', direction: 'DESC' },
  updated: { field: 'UPDATED_AT', direction: 'DESC' },
  total: { field: 'TOTAL', direction: 'DESC' },
};

/** What the board shows, as the URL says. */
export function useBoardFilter() {
  const [search, setSearch] = useUrlState('q');
  const [period, setPeriod] = useUrlState('since');
  const [sort, setSort] = useUrlState('sort');
  const [customerId] = useUrlState('customer');
  const settled = useSettledSearch(search);
  const createdFrom = useMemo(() => startOf(period), [period]);
  const filter = useMemo(
    () => ({ ...(settled !== '' && { search: settled }), ...(createdFrom !== undefined && { createdFrom }) }),
    [settled, createdFrom],
  );
  return {
    search,
    setSearch,
    period,
    setPeriod,
    sort,
    setSort,
    filter,
    orderBy: orderBys[sort in orderBys ? (sort as keyof typeof sorts) : ''],
    customerId: customerId === '' ? undefined : customerId,
    isFiltered: settled !== '' || createdFrom !== undefined || customerId !== '',
  };
}

function startOf(period: string): string | undefined {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  if (period === 'today') return day.toISOString();
  if (period !== 'week') return undefined;
  day.setDate(day.getDate() - 6);
  return day.toISOString();
}
