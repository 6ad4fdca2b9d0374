import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { CatalogueDocument, type CatalogueQuery } from '../generated/graphql.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { moneyText } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { useSettledSearch } from '../parts/use-settled-search.ts';

export type CatalogueProduct = Omit<
  NonNullable<CatalogueQuery['products']>['nodes'][number],
  '__typename' | 'version' | 'position'
>;

/** The catalogue. @param props.currency of the draft: an order has one */
export function Products(props: { onAdd: (product: CatalogueProduct) => void; currency: string | undefined }) {
  const { onAdd, currency } = props;
  const [search, setSearch] = useState('');
  const settled = useSettledSearch(search);
  const { data, previousData, error, refetch } = useQuery(CatalogueDocument, {
    variables: { search: settled === '' ? null : settled },
    fetchPolicy: 'cache-and-network',
  });
  const products = (data ?? previousData)?.products?.nodes;
  return (
    <section className="panel" aria-labelledby="products">
      <header>
        <h2 id="products">Products</h2>
        <SearchField label="Search products" placeholder="Name or SKU" value={search} onChange={setSearch} />
      </header>
      {error && <Problem error={error} onRetry={() => void refetch().catch(() => undefined)} />}
      {products?.length === 0 && (
        <EmptyState title={settled === '' ? 'The catalogue is empty' : `Nothing is called ${settled}`}>
          <p className="quiet">
            {settled === '' ? 'Staff adds products under Products.' : 'Try the beginning of another word.'}
          </p>
        </EmptyState>
      )}
      <ul className="products">
        {products?.map(product => {
          const hasOtherCurrency = currency !== undefined && product.price.currency !== currency;
          return (
            <li key={product.id}>
              <span>
                <strong>{product.name}</strong>
                <span className="quiet small mono">{product.sku}</span>
              </span>
              <span className="product-price">{moneyText(product.price)}</span>
              <button
                disabled={!product.available || hasOtherCurrency}
                aria-label={`Add ${product.name}`}
                onClick={() => {
                  onAdd(product);
                }}
              >
                {product.available ? 'Add' : 'Sold out'}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
