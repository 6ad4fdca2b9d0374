import { type ReactNode, useState } from 'react';
import { useUrlValues } from '../parts/use-url-values.ts';
import { isDevelopment, roleOf, signIn } from '../sign-in/viewer.ts';
import { sampleCustomer } from '../sign-in/sample-customer.ts';
import { CustomerChoice } from './customer-choice.tsx';
import { Draft } from './draft.tsx';
import { newId } from './new-id.ts';
import { OrderingCustomer } from './ordering-customer.tsx';
import './new-order.css';

/** Staff who chooses another customer than the one of development. */
const choosing = 'choose';

export function NewOrderPage() {
  const role = roleOf(signIn.current) ?? '';
  const [get, set] = useUrlValues();
  if (role === 'customer') return <DraftOf key={role} owner={role} />;

  const chosen = get('customer') || (isDevelopment ? sampleCustomer.id : choosing);
  const choose = (customer: string) => {
    // A draft belongs to its customer.
    set({ customer, draft: '' }, { push: true });
  };
  if (chosen === choosing) {
    return (
      <div className="new-order">
        <div className="page-head">
          <h1>New order</h1>
        </div>
        <CustomerChoice onChoose={choose} />
      </div>
    );
  }
  return (
    <DraftOf key={chosen} owner={`${role} ${chosen}`} customerId={chosen}>
      <OrderingCustomer
        id={chosen}
        onChange={() => {
          choose(choosing);
        }}
      />
    </DraftOf>
  );
}

/** @param props.owner of the draft that this tab keeps: it is there again after a reload, and after another page */
function DraftOf(props: { owner: string; customerId?: string; children?: ReactNode }) {
  const { owner, customerId, children } = props;
  const place = `orderstream draft ${owner}`;
  const [get, set] = useUrlValues();
  const given = get('draft');
  const [own, setOwn] = useState(() => sessionStorage.getItem(place) ?? newId('ord'));
  const id = given === '' ? own : given;
  sessionStorage.setItem(place, id);

  return (
    <Draft
      key={id}
      id={id}
      customerId={customerId}
      onAnother={() => {
        setOwn(newId('ord'));
        set({ draft: '' });
        sessionStorage.removeItem(place);
      }}
    >
      {children}
    </Draft>
  );
}
