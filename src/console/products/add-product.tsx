import { useCommand } from '@orderstream/client/react';
import { EntryForm } from '../parts/entry-form.tsx';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { useKept } from '../parts/use-kept.ts';
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
  const [values, setValues] = useKept<Readonly<Record<string, string>>>('add product');
  const [button, closed] = useFocusBack();
  if (!values) {
    return (
      <button
        ref={button}
        onClick={() => {
          setValues({ currency: shellCurrency.current });
        }}
      >
        Add a product
      </button>
    );
  }
  const close = () => {
    closed();
    setValues(undefined);
  };
  const { name = '', sku = '', price = '', currency = '' } = values;
  return (
    <section className="panel new-entry" aria-label="Add a product">
      <EntryForm
        fields={fields}
        values={values}
        word="Add"
        onChange={setValues}
        onSend={() =>
          run('addProduct', {
            name,
            sku,
            price: { amount: price.trim().replace(',', '.'), currency: currency.trim().toUpperCase() },
          })
        }
        onDone={close}
        onCancel={close}
      />
    </section>
  );
}
