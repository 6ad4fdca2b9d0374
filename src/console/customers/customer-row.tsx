import { useSubscription } from '@apollo/client/react';
import { useCommand, useStore } from '@orderstream/client/react';
import { useState } from 'react';
import { Link } from 'wouter';
import { CustomerChangesDocument, type CustomerRowFragment } from '../generated/graphql.ts';
import { EntryForm } from '../parts/entry-form.tsx';
import { countedText, countText, momentText, moneyText } from '../parts/format.ts';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { useKept } from '../parts/use-kept.ts';
import { routes } from '../routes.ts';
import { roleOf, signIn } from '../sign-in/viewer.ts';

interface Renaming {
  readonly values: Readonly<Record<string, string>>;
  /** The version that the person has seen. */
  readonly version: number;
}

/** One customer, live: their name, what they ordered, and what can be done. */
export function CustomerRow({ customer, onErase }: { customer: CustomerRowFragment; onErase: () => void }) {
  const { id, position } = customer;
  const [first] = useState(position);
  // Its frames change the customer in Apollo's cache, and so on this page.
  useSubscription(CustomerChangesDocument, { variables: { id, after: first } });
  const [renaming, setRenaming] = useKept<Renaming>(`rename ${id}`);
  const [button, closed] = useFocusBack();
  const isOperator = roleOf(useStore(signIn)) === 'operator';
  const { erasedAt } = customer;
  const isErased = erasedAt != null;
  return (
    <li data-customer={id} data-erased={isErased}>
      <div className="row-main">
        {renaming && !isErased ? (
          <Rename
            customer={customer}
            renaming={renaming}
            onChange={setRenaming}
            onClose={() => {
              closed();
              setRenaming(undefined);
            }}
          />
        ) : (
          <>
            <strong>{isErased ? 'Erased customer' : customer.name}</strong>
            <span className="quiet small">
              {isErased ? `Personal data erased ${momentText(erasedAt)}` : customer.email}
            </span>
          </>
        )}
      </div>
      <Totals customer={customer} />
      <div className="row row-actions">
        {!renaming && !isErased && (
          <button
            ref={button}
            aria-label={`Rename ${customer.name}`}
            onClick={() => {
              setRenaming({ values: { name: customer.name }, version: customer.version });
            }}
          >
            Rename
          </button>
        )}
        {isOperator && !isErased && (
          <button className="danger" aria-label={`Erase ${customer.name}`} onClick={onErase}>
            Erase…
          </button>
        )}
      </div>
    </li>
  );
}

function Totals({ customer }: { customer: CustomerRowFragment }) {
  const { orderCount, openOrderCount, totalSpent, lastOrderAt } = customer.orderTotals;
  return (
    <div className="customer-totals small">
      {orderCount === 0 ? (
        <span className="quiet">No orders</span>
      ) : (
        <Link href={`${routes.board}?customer=${customer.id}`}>
          {countedText(orderCount, 'order')}
          <span className="hidden"> of {customer.erasedAt == null ? customer.name : 'an erased customer'}</span>
        </Link>
      )}
      <span>{openOrderCount > 0 && `${countText(openOrderCount)} open`}</span>
      <span className="customer-spent">{totalSpent.map(moneyText).join(' + ')}</span>
      <span className="quiet">{lastOrderAt != null && `Last ordered ${momentText(lastOrderAt)}`}</span>
    </div>
  );
}

function Rename(props: {
  customer: CustomerRowFragment;
  renaming: Renaming;
  onChange: (renaming: Renaming) => void;
  onClose: () => void;
}) {
  const { customer, renaming, onChange, onClose } = props;
  const run = useCommand();
  const { id, version } = customer;
  const name = renaming.values['name'] ?? '';
  return (
    <EntryForm
      fields={{ name: { label: 'Name', maxLength: 200 } }}
      values={renaming.values}
      word="Save"
      onChange={values => {
        onChange({ ...renaming, values });
      }}
      onSend={async () => {
        const input = { customerId: id, name, expectedVersion: renaming.version };
        const result = await run('renameCustomer', input, { optimistic: { name } });
        // The refusal shows the present version: the next try is meant for it.
        if (!result.accepted && result.error.__typename === 'VersionConflictError') {
          onChange({ ...renaming, version: result.error.actualVersion });
        }
        return result;
      }}
      onDone={onClose}
      onCancel={onClose}
    >
      {version > renaming.version && <p className="quiet small">In the meantime: {customer.name}</p>}
    </EntryForm>
  );
}
