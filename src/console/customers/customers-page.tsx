import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { type CustomerRowFragment, CustomersDocument } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Pager } from '../parts/pager.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { usePagedSearch } from '../parts/use-paged-search.ts';
import { useViewPosition } from '../parts/use-view-position.ts';
import { CustomerRow } from './customer-row.tsx';
import './customers.css';
import { EraseDialog } from './erase-dialog.tsx';
import { RegisterCustomer } from './register-customer.tsx';

/** Totals and new customers are read again when the read models move, at most this often, ms. */
const refreshMs = 1_500;

export function CustomersPage() {
  const list = usePagedSearch();
  const { data, previousData, error, refetch } = useQuery(CustomersDocument, {
    variables: list.variables,
    fetchPolicy: 'cache-and-network',
  });
  const position = useViewPosition();
  useAtMostEvery(refreshMs, position, () => void refetch().catch(() => undefined));
  const [erasing, setErasing] = useState<{ readonly customer: CustomerRowFragment; readonly position: string }>();
  const page = (data ?? previousData)?.customers;

  return (
    <div className="customers">
      <div className="page-head">
        <h1>Customers</h1>
        <search>
          <SearchField
            label="Search customers"
            placeholder="Name or e-mail…"
            value={list.search}
            onChange={list.setSearch}
          />
        </search>
        <RegisterCustomer />
      </div>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {!page && !error && <p className="loading">Loading…</p>}
      {page?.nodes.length === 0 && (
        <EmptyState title={list.settled === '' ? 'No customers yet' : `Nobody is found by “${list.settled}”`}>
          <p>
            {list.settled === ''
              ? 'Register one above, or start the simulation on the board.'
              : 'The search finds whole words and the beginning of the last one, in names and e-mail addresses.'}
          </p>
        </EmptyState>
      )}
      {page && page.nodes.length > 0 && (
        <section className="panel" aria-label="Customers">
          <ul className="rows">
            {page.nodes.map(customer => (
              <CustomerRow
                key={customer.id}
                customer={customer}
                onErase={() => {
                  setErasing({ customer, position: page.position });
                }}
              />
            ))}
          </ul>
          <Pager
            noun="customer"
            shown={page.nodes.length}
            total={page.totalCount}
            place={page.pageInfo}
            onTurn={list.turn}
          />
        </section>
      )}
      {erasing && (
        <EraseDialog
          customer={erasing.customer}
          after={erasing.position}
          onClose={() => {
            setErasing(undefined);
          }}
        />
      )}
    </div>
  );
}
