import { useCommand } from '@orderstream/client/react';
import * as Switch from '@radix-ui/react-switch';
import { useState } from 'react';
import { type ProductRowFragment } from '../generated/graphql.ts';
import { EntryForm } from '../parts/entry-form.tsx';
import { moneyText } from '../parts/format.ts';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { useKept } from '../parts/use-kept.ts';
import { wordsOf } from '../words/error-words.ts';
import { refusalText } from '../words/refusal-words.ts';
import { Refusal } from '../parts/refusal.tsx';

interface Changing {
  readonly values: Readonly<Record<string, string>>;
  /** The version that the person has seen. */
  readonly version: number;
}

/** One product, live: its name, price, and whether it can be ordered. */
export function ProductRow({ product, mayChange }: { product: ProductRowFragment; mayChange: boolean }) {
  const { id, sku, name, price, version, available } = product;
  const [changing, setChanging] = useKept<Changing>(`change ${id}`);
  const [button, closed] = useFocusBack();
  return (
    <li data-product={id}>
      <div className="row-main">
        {changing && mayChange ? (
          <Change
            product={product}
            changing={changing}
            onChange={setChanging}
            onClose={() => {
              closed();
              setChanging(undefined);
            }}
          />
        ) : (
          <>
            <strong>{name}</strong>
            <span className="quiet small mono">{sku}</span>
          </>
        )}
      </div>
      <span className="product-price">{moneyText(price)}</span>
      {mayChange ? <Availability product={product} /> : <span>{available ? 'Available' : 'Sold out'}</span>}
      {mayChange && (
        <div className="row-actions">
          {!changing && (
            <button
              ref={button}
              aria-label={`Change ${name}`}
              onClick={() => {
                setChanging({ values: { name, price: price.amount }, version });
              }}
            >
              Change
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function Change(props: {
  product: ProductRowFragment;
  changing: Changing;
  onChange: (changing: Changing) => void;
  onClose: () => void;
}) {
  const { product, changing, onChange, onClose } = props;
  const run = useCommand();
  const { name = '', price = '' } = changing.values;
  const { currency, amount: oldAmount } = product.price;
  return (
    <EntryForm
      fields={{
        name: { label: 'Name', maxLength: 200 },
        price: { label: `Price in ${currency}`, type: 'amount', maxLength: 20 },
      }}
      values={changing.values}
      word="Save"
      onChange={values => {
        onChange({ ...changing, values });
      }}
      onSend={async () => {
        const isRenamed = name !== product.name;
        const isPriced = price.trim() !== oldAmount;
        if (!isRenamed && !isPriced) return undefined;
        const result = await run('changeProduct', {
          productId: product.id,
          expectedVersion: changing.version,
          ...(isRenamed && { name }),
          ...(isPriced && { price: { amount: price.trim().replace(',', '.'), currency } }),
        });
        // The refusal shows the present version: the next try is meant for it.
        if (!result.accepted && result.error.__typename === 'VersionConflictError') {
          onChange({ ...changing, version: result.error.actualVersion });
        }
        return result;
      }}
      onDone={onClose}
      onCancel={onClose}
    >
      {product.version > changing.version && (
        <p className="quiet small">
          In the meantime: {product.name}, {moneyText(product.price)}
        </p>
      )}
    </EntryForm>
  );
}

function Availability({ product: { id, name, available } }: { product: ProductRowFragment }) {
  const run = useCommand();
  const [refusal, setRefusal] = useState<string>();

  async function set(next: boolean) {
    setRefusal(undefined);
    try {
      const input = { productId: id, available: next };
      const result = await run('changeProduct', input, { optimistic: { available: next } });
      if (!result.accepted) setRefusal(refusalText(result.error));
    } catch (error) {
      const { title, advice } = wordsOf(error);
      setRefusal(`${title}. ${advice}`);
    }
  }

  return (
    <div className="availability">
      <Switch.Root
        className="switch"
        aria-label={`${name} can be ordered`}
        checked={available}
        onCheckedChange={next => void set(next)}
      >
        <Switch.Thumb />
      </Switch.Root>
      <span className="small">{available ? 'Available' : 'Sold out'}</span>
      <Refusal>{refusal}</Refusal>
    </div>
  );
}
