import { useCommand } from '@orderstream/client/react';
import { NewEntry } from '../parts/new-entry.tsx';
import { currency as shellCurrency } from '../shell/currency.ts';

const fields = {
  name: { label: 'Name', maxLength: 200 },
  sku: { label: 'SKU', maxLength: 64 },
  price: { label: 'Price', type: 'amount', maxLength: 20 },
  currency: { label: 'Currency', type: 'currency', maxLength: 3 },
} as const;

/** A button that opens the form for a new product. */
export function AddProduct() {
  const run = useCommand();
  return (
    <NewEntry
      kept="add product"
      title="Add a product"
      word="Add"
      fields={fields}
      first={() => ({ currency: shellCurrency.current })}
      onSend={({ name = '', sku = '', price = '', currency = '' }) =>
        run('addProduct', {
          name,
          sku,
          price: { amount: price.trim().replace(',', '.'), currency: currency.trim().toUpperCase() },
        })
      }
    />
  );
}
