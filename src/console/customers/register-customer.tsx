import { useCommand } from '@orderstream/client/react';
import { NewEntry } from '../parts/new-entry.tsx';

const fields = {
  name: { label: 'Name', maxLength: 200 },
  email: { label: 'E-mail', type: 'email', maxLength: 254 },
} as const;

/** A button that opens the form for a new customer. */
export function RegisterCustomer() {
  const run = useCommand();
  return (
    <NewEntry
      kept="register"
      title="Register a customer"
      word="Register"
      fields={fields}
      first={() => ({})}
      onSend={({ name = '', email = '' }) => run('registerCustomer', { name, email })}
    />
  );
}
