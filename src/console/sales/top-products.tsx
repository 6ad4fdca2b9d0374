import type { SalesQuery } from '../generated/graphql.ts';
import { countText, moneyText } from '../parts/format.ts';

type Sold = NonNullable<SalesQuery['topProducts']>[number];

/** The products with the greatest revenue: a bar and its numbers in each row. */
export function TopProducts({ products }: { products: readonly Sold[] }) {
  const most = Math.max(...products.map(({ revenue }) => Number(revenue.amount)), 1);
  return (
    <section className="panel" aria-labelledby="top-products">
      <header>
        <h2 id="top-products">Top products</h2>
      </header>
      <table className="top-products">
        <thead>
          <tr>
            <th>Product</th>
            <th className="number">Units</th>
            <th className="number">Revenue</th>
          </tr>
        </thead>
        <tbody>
          {products.map(({ productId, productName, unitsSold, revenue }) => (
            <tr key={productId} data-product={productId}>
              <td>
                {productName}
                <span className="top-bar" aria-hidden="true">
                  <span style={{ width: `${(Number(revenue.amount) / most) * 100}%` }} />
                </span>
              </td>
              <td className="number">{countText(unitsSold)}</td>
              <td className="number">{moneyText(revenue)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
