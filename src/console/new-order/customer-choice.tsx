import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { Link } from 'wouter';
import { CustomerChoicesDocument } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useSettledSearch } from '../parts/use-settled-search.ts';
import { routes } from '../routes.ts';

/** Staff chooses the customer who orders. */
export function CustomerChoice({ onChoose }: { onChoose: (id: string) => void }) {
  const [search, setSearch] = useState('');
  const settled = useSettledSearch(search);
  const { data, previousData, error, refetch } = useQuery(CustomerChoicesDocument, {
    variables: { search: settled === '' ? null : settled },
    fetchPolicy: 'cache-and-network',
  });
  const customers = (data ?? previousData)?.customers?.nodes.filter(({ erasedAt }) => erasedAt === null);
  return (
    <section className="panel" aria-labelledby="customer-choice">
      <header>
        <h2 id="customer-choice">For which customer?</h2>
        <SearchField label="Search customers" placeholder="Name or e-mail" value={search} onChange={setSearch} />
      </header>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {customers?.length === 0 && (
        <EmptyState title={settled === '' ? 'There are no customers yet' : `Nobody is found by “${settled}”`}>
          <Link href={routes.customers}>Register a customer</Link>
        </EmptyState>
      )}
      <ul className="choices">
        {customers?.map(({ id, name, email }) => (
          <li key={id}>
            <button
              onClick={() => {
                onChoose(id);
              }}
            >
              <strong>{name}</strong>
              <span className="quiet small">{email}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
