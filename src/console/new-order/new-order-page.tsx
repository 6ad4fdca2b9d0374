import { useState } from 'react';
import { useUrlState } from '../parts/use-url-state.ts';
import { roleOf, signIn } from '../sign-in/viewer.ts';
import { sampleCustomer } from '../sign-in/sample-customer.ts';
import { Draft } from './draft.tsx';
import { newId } from './new-id.ts';
import './new-order.css';

/** The draft of this tab: it is there again after a reload, and after another page was shown. */
const place = (role: string) => `orderstream draft ${role}`;

export function NewOrderPage() {
  const role = roleOf(signIn.current) ?? '';
  const [given, setGiven] = useUrlState('draft');
  const [own, setOwn] = useState(() => sessionStorage.getItem(place(role)) ?? newId('ord'));
  const id = given === '' ? own : given;
  sessionStorage.setItem(place(role), id);

  return (
    <Draft
      key={id}
      id={id}
      // Staff orders for somebody: in development for the customer of the role switch.
      customerId={role === 'customer' ? undefined : sampleCustomer.id}
      onAnother={() => {
        setOwn(newId('ord'));
        setGiven('');
        sessionStorage.removeItem(place(role));
      }}
    />
  );
}
