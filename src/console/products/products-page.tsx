import { useQuery, useSubscription } from '@apollo/client/react';
import { useStore } from '@orderstream/client/react';
import { useState } from 'react';
import { ProductChangesDocument, ProductsDocument } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Pager } from '../parts/pager.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useAtMostEvery } from '../parts/use-at-most-every.ts';
import { usePagedSearch } from '../parts/use-paged-search.ts';
import { roleOf, signIn } from '../sign-in/viewer.ts';
import { AddProduct } from './add-product.tsx';
import { ProductRow } from './product-row.tsx';
import './products.css';

/** The page of the list is read again after changes, at most this often, ms. Its rows change at once. */
const refreshMs = 1_000;

export function ProductsPage() {
  const list = usePagedSearch();
  const { data, previousData, error, refetch } = useQuery(ProductsDocument, {
    variables: list.variables,
    fetchPolicy: 'cache-and-network',
  });
  const mayChange = roleOf(useStore(signIn)) !== 'customer';
  const page = (data ?? previousData)?.products;
  useChanges(list.variables.search, page?.position, () => void refetch().catch(() => undefined));

  return (
    <div className="products-page">
      <div className="page-head">
        <h1>Products</h1>
        <search>
          <SearchField
            label="Search products"
            placeholder="Name or SKU…"
            value={list.search}
            onChange={list.setSearch}
          />
        </search>
        {mayChange && <AddProduct />}
      </div>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {!page && !error && <p className="loading">Loading…</p>}
      {page?.nodes.length === 0 && (
        <EmptyState title={list.settled === '' ? 'The catalogue is empty' : `Nothing is found by “${list.settled}”`}>
          <p>
            {list.settled !== ''
              ? 'The search finds whole words and the beginning of the last one, in names and SKUs.'
              : mayChange
                ? 'Add the first product above. Customers see it at once.'
                : 'As soon as staff adds a product, it appears here by itself.'}
          </p>
        </EmptyState>
      )}
      {page && page.nodes.length > 0 && (
        <section className="panel" aria-label="Products">
          <ul className="rows">
            {page.nodes.map(product => (
              <ProductRow key={product.id} product={product} mayChange={mayChange} />
            ))}
          </ul>
          <Pager
            noun="product"
            shown={page.nodes.length}
            total={page.totalCount}
            place={page.pageInfo}
            onTurn={list.turn}
          />
        </section>
      )}
    </div>
  );
}

/** Follows the products that match. Their frames change the rows in Apollo's cache; the list itself is read again. */
function useChanges(search: string | null, position: string | undefined, refresh: () => void): void {
  const [first, setFirst] = useState<string>();
  if (first === undefined && position !== undefined) setFirst(position);
  const [changes, setChanges] = useState(0);
  useSubscription(ProductChangesDocument, {
    variables: { search, after: first ?? null },
    skip: first === undefined,
    ignoreResults: true,
    onData({ data: { data } }) {
      if (data?.productsUpdated.kind !== 'PROGRESS') setChanges(before => before + 1);
    },
  });
  useAtMostEvery(refreshMs, changes, () => {
    if (changes > 0) refresh();
  });
}
